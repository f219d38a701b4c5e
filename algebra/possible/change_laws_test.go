package possible_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/algebra/possible"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// said are the things a World's documents say of one device, found by evaluating them there:
// that it is in a fleet, or that an assignment gives it a deployment.
func said(w algebra.World, d algebra.Device) map[string]bool {
	demand := w.On(algebra.NewReality(algebratest.MustRoster([]algebra.Device{d}), time.Unix(0, 0)))
	out := map[string]bool{}
	for _, f := range w.Fleets {
		if demand.Fleet(f.Expr).Len() > 0 {
			out["Fleet "+f.Name] = true
		}
	}
	for _, a := range w.Assignments {
		for _, c := range demand.Assign(a.Expr).At(0) {
			out[fmt.Sprintf("Assignment %s %s %d", a.Name, c.Deployment, c.Priority)] = true
		}
	}
	return out
}

func saying(c possible.Change) string {
	if c.Deployment == "" {
		return c.Kind + " " + c.Name
	}
	return fmt.Sprintf("%s %s %s %d", c.Kind, c.Name, c.Deployment, c.Priority)
}

// in reports whether a device is in a set that needs no names.
func in(x selectors.Expr, d algebra.Device) bool {
	b, err := selectors.Bind(x, selectors.Scope{})
	return err == nil && !algebratest.MustRoster([]algebra.Device{d}).Select(b).IsEmpty()
}

type differ func(o analysis.Options, before, after algebra.World) []possible.Change

// compares is the law: a device comes or goes somewhere iff it is in the region that is said to
// be gained or lost there, and so do the witnesses.
func compares(changes differ, told map[string]int) gopter.Prop {
	return prop.ForAll(func(s, t algebratest.Situation) bool {
		gained, lost := map[string]*possible.Region{}, map[string]*possible.Region{}
		for _, c := range changes(analysis.Options{}, s.World, t.World) {
			if c.Err != nil {
				return false
			}
			gained[saying(c)], lost[saying(c)] = c.Gained, c.Lost
			if c.Gained == nil && c.Lost == nil {
				told["alike"]++
			}
		}
		comes := func(x, y algebra.World, regions map[string]*possible.Region) bool {
			for what, r := range regions {
				if r == nil {
					continue
				}
				told["regions"]++
				d, ok := asDevice(r.Witness)
				if !ok || said(x, d)[what] || !said(y, d)[what] {
					return false
				}
				if r.Expr == nil {
					continue
				}
				told["written"]++
				if !in(r.Expr, d) {
					return false
				}
			}
			for _, d := range s.Devices {
				was, is := said(x, d), said(y, d)
				for what := range is {
					if r := regions[what]; !was[what] && (r == nil || r.Expr != nil && !in(r.Expr, d)) {
						return false
					}
				}
				for what, r := range regions {
					if r != nil && r.Expr != nil && in(r.Expr, d) != (is[what] && !was[what]) {
						return false
					}
				}
			}
			return true
		}
		return comes(s.World, t.World, gained) && comes(t.World, s.World, lost)
	}, algebratest.Situations(), algebratest.Situations())
}

func TestChangesAreThoseOfTheMeaning(t *testing.T) {
	told := map[string]int{}
	algebratest.Law(t, 60)(compares(possible.Changes, told))
	if told["regions"] < 100 || told["written"] < 100 {
		t.Errorf("told: %v", told)
	}
}

func TestChangeLawSeesWrongChanges(t *testing.T) {
	planted := algebratest.Planted(t, 60)
	bug := func(name string, spoil func(c *possible.Change)) {
		planted(name, compares(func(o analysis.Options, before, after algebra.World) []possible.Change {
			out := possible.Changes(o, before, after)
			for i := range out {
				spoil(&out[i])
			}
			return out
		}, map[string]int{}))
	}
	bug("what is lost is gained", func(c *possible.Change) { c.Gained, c.Lost = c.Lost, c.Gained })
	bug("nothing is lost", func(c *possible.Change) { c.Lost = nil })
	bug("a region is everyone", func(c *possible.Change) {
		if c.Gained != nil {
			c.Gained.Expr = selectors.Universe{}
		}
	})
	bug("a witness without labels", func(c *possible.Change) {
		if c.Gained != nil {
			c.Gained.Witness.Labels = nil
		}
	})
}
