package algebra_test

import (
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
)

// difference is Placement.Differences, as a list, or a wrong variant.
type difference func(p, q algebra.Placement) []algebra.Difference

func differences(p, q algebra.Placement) []algebra.Difference {
	var out []algebra.Difference
	for d := range p.Differences(q) {
		out = append(out, d)
	}
	return out
}

// differenceLaw: the differences are exactly the slots whose releases differ, by device and
// then app; to put what is there gives the other placement, and leaves the first one alone.
func differenceLaw(diff difference, n *int) gopter.Prop {
	return prop.ForAll(func(two algebratest.Placements) bool {
		p, q := two.P, two.Q
		found := diff(p, q)
		*n += len(found)
		edit := p.Placing()
		for i, d := range found {
			if p.Release(d.Ordinal, d.App) != d.Here || q.Release(d.Ordinal, d.App) != d.There || d.Here == d.There {
				return false
			}
			if i > 0 && (found[i-1].Ordinal > d.Ordinal || found[i-1].Ordinal == d.Ordinal && found[i-1].App.Compare(d.App) >= 0) {
				return false
			}
			edit.Put(d.Ordinal, d.App, d.There)
		}
		done := edit.Placement()
		return len(diff(p, p)) == 0 && len(diff(p, q)) == len(diff(q, p)) && p.Equal(q) == (len(found) == 0) &&
			len(diff(done, q)) == 0 && done.Equal(q) && len(diff(p, done)) == len(found)
	}, algebratest.PlacementPairs())
}

func TestDifferencesAreTheSlotsThatDiffer(t *testing.T) {
	n := 0
	algebratest.Law(t, cases)(differenceLaw(differences, &n))
	if n < cases {
		t.Errorf("%d differences in %d cases", n, cases)
	}
}

func TestDifferenceLawSeesWrongDifferences(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	check("slots that are to be emptied are left out", differenceLaw(func(p, q algebra.Placement) (out []algebra.Difference) {
		for _, d := range differences(p, q) {
			if !d.There.IsZero() {
				out = append(out, d)
			}
		}
		return out
	}, &n))
	check("values are not looked at", differenceLaw(func(p, q algebra.Placement) (out []algebra.Difference) {
		for _, d := range differences(p, q) {
			if d.Here.Deployment != d.There.Deployment {
				out = append(out, d)
			}
		}
		return out
	}, &n))
}

// TestPlacementOnAnotherRoster keeps the slots of the devices that both know.
func TestPlacementOnAnotherRoster(t *testing.T) {
	kept := 0
	algebratest.Law(t, cases)(prop.ForAll(func(two algebratest.Placements, other *algebra.Roster) bool {
		p := two.P
		q := p.On(other)
		for i := range uint32(other.Len()) {
			j, known := p.Roster().Ordinal(other.ID(i))
			for _, app := range p.Apps() {
				var want algebra.Release
				if known {
					want = p.Release(j, app)
				}
				if q.Release(i, app) != want {
					return false
				}
				if !want.IsZero() {
					kept++
				}
			}
		}
		return p.On(p.Roster()).Equal(p) && q.Roster() == other
	}, algebratest.PlacementPairs(), algebratest.Rosters()))
	if kept < cases {
		t.Errorf("%d slots kept in %d cases", kept, cases)
	}
}

func TestPlacingFleets(t *testing.T) {
	algebratest.Law(t, planted)(prop.ForAll(func(f algebratest.Fleets, a, b algebra.Release) bool {
		app := algebra.MustApp("web")
		whole, single := algebra.NewPlacing(f.Roster), algebra.NewPlacing(f.Roster)
		for _, put := range []struct {
			on  algebra.Fleet
			rel algebra.Release
		}{{f.X, a}, {f.Y, b}, {f.Z, algebra.Release{}}} {
			whole.PutAll(put.on, app, put.rel)
			for i := range put.on.Ordinals() {
				single.Put(i, app, put.rel)
			}
		}
		return whole.Placement().Equal(single.Placement())
	}, algebratest.FleetTriples(), algebratest.Releases(), algebratest.Releases()))
}

func TestPlacementAt(t *testing.T) {
	algebratest.Law(t, planted)(prop.ForAll(func(two algebratest.Placements) bool {
		for i := range uint32(two.P.Roster().Len()) {
			last := algebra.App{}
			n := 0
			for app, rel := range two.P.At(i) {
				if app.Compare(last) <= 0 || rel.IsZero() || rel != two.P.Release(i, app) {
					return false
				}
				last = app
				n++
			}
			for _, app := range two.P.Apps() {
				if !two.P.Release(i, app).IsZero() {
					n--
				}
			}
			if n != 0 {
				return false
			}
		}
		return true
	}, algebratest.PlacementPairs()))
}

func TestPlacementsOfTwoRostersDoNotCompare(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	differences(algebra.NewPlacing(algebratest.MustRoster(nil)).Placement(), algebra.NewPlacing(algebratest.MustRoster(nil)).Placement())
}
