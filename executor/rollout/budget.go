package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
)

// group is the devices that share a value of a budget's key, or lack it.
type group struct {
	lane    int // whose budget it is
	value   string
	lacking bool
}

// budgets is how many more devices of each group may be taken down. What is taken is taken of
// all that are asked about later.
type budgets struct {
	script  Script
	bounded bool // some lane has a budget
	size    map[group]int
	down    map[group]int
	// taken are the devices taken down in this survey.
	taken map[algebra.DeviceID]bool
}

// budgets counts who is there and who is down. A device counts while it is online and anything
// is published to it or about to be, and as long as this run waits for it; it is down unless all
// that is published to it runs.
func (s Script) budgets(scene Scene) budgets {
	b := budgets{s, false, map[group]int{}, map[group]int{}, map[algebra.DeviceID]bool{}}
	for _, t := range s.lanes {
		b.bounded = b.bounded || !t.Budget.IsZero()
	}
	if !b.bounded {
		return b
	}
	for id, sight := range scene.Devices {
		_, target := s.of[id]
		awaited := target && sight.Ours && !sight.available()
		if !sight.Online && !awaited || !target && !sight.managed() {
			continue
		}
		for lane, t := range s.lanes {
			if t.Budget.IsZero() {
				continue
			}
			g := s.group(lane, sight)
			b.size[g]++
			if awaited || !sight.available() {
				b.down[g]++
			}
		}
	}
	return b
}

func (s Script) group(lane int, sight *Sight) group {
	by := s.lanes[lane].Budget.By
	if by.Name == "" {
		return group{lane: lane}
	}
	value, ok := sight.value(by)
	return group{lane, value, !ok}
}

// take spends what a unit costs, if every budget it is under has that. To stop or replace
// something on a device that is up takes it down; on one that is down it costs nothing. One that
// has not said what has become of it since it was published to may be either: it is counted as
// down, and for what takes it down it has to be among those that may be. To start something more
// takes nothing away and is not held up, but the device is down until it runs.
func (b budgets) take(u unit, sight *Sight) bool {
	up := sight.Online && sight.available()
	if !b.bounded || !sight.Online || sight.down() || b.taken[u.device] {
		return true
	}
	if u.disruptive {
		for _, lane := range u.budgets {
			left := b.left(b.script.group(lane, sight))
			if up && left < 1 || left < 0 {
				return false
			}
		}
	}
	if !up {
		return true
	}
	for lane, t := range b.script.lanes {
		if !t.Budget.IsZero() {
			b.down[b.script.group(lane, sight)]++
		}
	}
	b.taken[u.device] = true
	return true
}

func (b budgets) left(g group) int {
	return b.script.lanes[g.lane].Budget.Limit(b.size[g]) - b.down[g]
}

// why says which budget holds a unit up.
func (b budgets) why(u unit, sight *Sight) string {
	for _, lane := range u.budgets {
		g := b.script.group(lane, sight)
		if left := b.left(g); left < 0 || left < 1 && sight.available() {
			return fmt.Sprintf("the budget of %s is spent: %d of %d are down", b.name(g), b.down[g], b.size[g])
		}
	}
	return ""
}

// Standing is a group of a budget at one moment.
type Standing struct {
	// Name is the budget's key and value, such as label("site") = "berlin".
	Name string
	// Devices are those that count, Down those of them that are down, Limit how many may be.
	Devices, Down, Limit int
}

// Standings is how the groups of all budgets stand, by name.
func (s Script) Standings(scene Scene) []Standing {
	b := s.budgets(scene)
	var out []Standing
	for g, n := range b.size {
		out = append(out, Standing{b.name(g), n, b.down[g], s.lanes[g.lane].Budget.Limit(n)})
	}
	slices.SortFunc(out, func(x, y Standing) int { return strings.Compare(x.Name, y.Name) })
	return out
}

func (b budgets) name(g group) string {
	t := b.script.lanes[g.lane]
	switch key := t.Budget.By; {
	case key.Name == "":
		return cmp.Or(t.Name, "default") + ": the fleet"
	case g.lacking:
		return fmt.Sprintf("%s: without %s", t.Name, key)
	default:
		return fmt.Sprintf("%s: %s = %q", t.Name, key, g.value)
	}
}
