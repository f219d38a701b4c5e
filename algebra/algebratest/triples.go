package algebratest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/leanovate/gopter"

	"github.com/musterfleet/muster/algebra"
)

// Fleets is three fleets of one roster.
type Fleets struct {
	Roster  *algebra.Roster
	X, Y, Z algebra.Fleet
}

// FleetTriples makes three random fleets of one random roster.
func FleetTriples() gopter.Gen {
	return throw(func(p *gopter.GenParameters) Fleets {
		r := MustRoster(devices(p))
		return Fleets{r, fleet(p, r), fleet(p, r), fleet(p, r)}
	})
}

func fleet(p *gopter.GenParameters, r *algebra.Roster) algebra.Fleet {
	f, _ := r.Fleet(func(yield func(algebra.DeviceID) bool) {
		for i := range r.Len() {
			if p.Rng.Intn(2) == 0 && !yield(r.ID(uint32(i))) {
				return
			}
		}
	})
	return f
}

// String is what a failing law prints.
func (f Fleets) String() string {
	return fmt.Sprintf("x = %v, y = %v, z = %v of %v", Names(f.X), Names(f.Y), Names(f.Z), Names(f.Roster.All()))
}

// Names are the ids of a fleet.
func Names(f algebra.Fleet) []string {
	var out []string
	for id := range f.IDs() {
		out = append(out, id.String())
	}
	return out
}

// Assignments is three assignments on one roster.
type Assignments struct {
	Roster  *algebra.Roster
	X, Y, Z algebra.Assignment
}

// AssignmentTriples makes three random assignments on one random roster. They share apps,
// deployments and priorities, so that claims coincide, compete and conflict.
func AssignmentTriples() gopter.Gen {
	return throw(func(p *gopter.GenParameters) Assignments {
		r := MustRoster(devices(p))
		return Assignments{r, claims(p, r), claims(p, r), claims(p, r)}
	})
}

// pool is deployments of two apps.
var pool = []algebra.Deployment{
	MustDeployment("log", "1", algebra.Container{Name: "log", Image: "log"}),
	MustDeployment("web", "1", algebra.Container{Name: "web", Image: "web:1"}),
	MustDeployment("web", "2", algebra.Container{Name: "web", Image: "web:2"}),
}

func claims(p *gopter.GenParameters, r *algebra.Roster) algebra.Assignment {
	a := r.Unassigned()
	for range p.Rng.Intn(4) {
		c := algebra.Claim{Deployment: pick(p.Rng, pool), Priority: pick(p.Rng, []int{-1, 0, 0, 10})}
		a = a.Union(fleet(p, r).Assign(c))
	}
	return a
}

// String is what a failing law prints.
func (a Assignments) String() string {
	return fmt.Sprintf("x = %s\ny = %s\nz = %s", Claims(a.X), Claims(a.Y), Claims(a.Z))
}

// Claims is an assignment in words, the same for equal ones.
func Claims(a algebra.Assignment) string {
	var out []string
	for c, f := range a.All() {
		out = append(out, fmt.Sprintf("{%s} -> {%s} at %d", strings.Join(Names(f), ", "), c.Deployment, c.Priority))
	}
	slices.Sort(out)
	return strings.Join(out, " | ")
}
