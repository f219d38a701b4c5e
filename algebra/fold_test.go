package algebra_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/selectors"
)

// foldLaw compares the text of a fleet with that of its names, on names with no, one and
// several numbers, padded or not, of which some neighbour.
func foldLaw(fold func(algebra.Fleet) string, ranges *int) gopter.Prop {
	forms := []string{"edge%d", "edge%03d", "edge%02d.lab", "%d", "gw-%d-b", "rack%d-n7", "lone", "x12345678901234567%d", "x0%d"}
	return prop.ForAll(func(dice []uint16) bool {
		seen := map[string]bool{}
		var list []algebra.Device
		var chosen []algebra.DeviceID
		for _, d := range dice {
			form, n, pick := forms[int(d)%len(forms)], int(d)/len(forms)%130, d%11 > 2
			id := form
			if form != "lone" {
				id = fmt.Sprintf(form, n)
			}
			if seen[id] {
				continue
			}
			seen[id] = true
			list = append(list, algebra.Device{ID: algebra.MustDeviceID(id)})
			if pick {
				chosen = append(chosen, list[len(list)-1].ID)
			}
		}
		f, _ := algebratest.MustRoster(list).Fleet(slices.Values(chosen))
		want := selectors.Fold(algebratest.Names(f))
		if len(chosen) > len(want)/6 {
			*ranges++
		}
		return fold(f) == want
	}, gen.SliceOfN(400, gen.UInt16Range(0, 2000)))
}

func TestFleetFoldsAsItsNamesDo(t *testing.T) {
	ranges := 0
	algebratest.Law(t, cases)(foldLaw(algebra.Fleet.Fold, &ranges))
	if ranges < cases/2 {
		t.Errorf("%d of %d fleets had ranges", ranges, cases)
	}
	if f := algebratest.MustRoster(nil).All().Fold(); f != "" {
		t.Errorf("no names are %q", f)
	}
}

func TestFoldLawSeesWrongFolds(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	check("the whole roster", foldLaw(func(f algebra.Fleet) string { return f.Roster().All().Fold() }, &n))
	check("a name is lost", foldLaw(func(f algebra.Fleet) string {
		one, _ := f.Roster().Fleet(slices.Values(slices.Collect(f.IDs())[:min(1, f.Len())]))
		return f.Minus(one).Fold()
	}, &n))
}
