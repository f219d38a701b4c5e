package possible_test

import (
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/algebra/possible"
	"github.com/musterfleet/muster/selectors/analysis"
)

// clash is two deployments that a device gets and that cannot both run there.
type clash struct{ a, b string }

// clashesOn are those on one device, found by evaluating the World there: the deployments
// claimed at the highest priority of each app, two of one app or two that hold one resource.
func clashesOn(w algebra.World, d algebra.Device) []clash {
	r := algebratest.MustRoster([]algebra.Device{d})
	var got []algebra.Claim
	for _, c := range w.On(algebra.NewReality(r, time.Unix(0, 0))).Assignment().At(0) {
		higher := func(o algebra.Claim) bool { return o.Deployment.App() == c.Deployment.App() && o.Priority > c.Priority }
		if !slices.ContainsFunc(w.On(algebra.NewReality(r, time.Unix(0, 0))).Assignment().At(0), higher) {
			got = append(got, c)
		}
	}
	var out []clash
	for i, x := range got {
		for _, y := range got[i+1:] {
			shared := slices.ContainsFunc(x.Deployment.Resources(), func(r algebra.Resource) bool { return slices.Contains(y.Deployment.Resources(), r) })
			if x.Deployment.App() == y.Deployment.App() || shared {
				a, b := x.Deployment.String(), y.Deployment.String()
				out = append(out, clash{min(a, b), max(a, b)})
			}
		}
	}
	return out
}

func asDevice(d analysis.Device) (algebra.Device, bool) {
	id, err := algebra.ParseDeviceID(d.ID)
	return algebra.Device{ID: id, Labels: d.Labels, Facts: d.Facts}, err == nil
}

type finder func(o analysis.Options, all []possible.Claim, held possible.Holdings, most int) ([]possible.Conflict, error)

// foresees is the law: every clash on a device was foreseen, and every conflict that is foreseen
// is a clash on its witness.
func foresees(find finder, told *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		found, err := find(analysis.Options{}, possible.Claims(s.World), possible.HoldingsOf(s.World), 1_000)
		if err != nil {
			return false
		}
		foreseen := map[clash]bool{}
		for _, c := range found {
			*told++
			one := clash{min(c.A.Deployment(), c.B.Deployment()), max(c.A.Deployment(), c.B.Deployment())}
			foreseen[one] = true
			d, ok := asDevice(c.Witness)
			if !ok || !slices.Contains(clashesOn(s.World, d), one) {
				return false
			}
		}
		for _, d := range s.Devices {
			for _, c := range clashesOn(s.World, d) {
				if !foreseen[c] {
					return false
				}
			}
		}
		return true
	}, algebratest.Situations())
}

func TestConflictsAreForeseen(t *testing.T) {
	told := 0
	algebratest.Law(t, 150)(foresees(possible.Conflicts, &told))
	if told < 50 {
		t.Errorf("only %d conflicts", told)
	}
}

func TestForesightLawSeesWrongConflicts(t *testing.T) {
	told := 0
	planted := algebratest.Planted(t, 150)
	planted("the last conflict is lost", foresees(func(o analysis.Options, all []possible.Claim, held possible.Holdings, most int) ([]possible.Conflict, error) {
		found, err := possible.Conflicts(o, all, held, most)
		return found[:max(len(found)-1, 0)], err
	}, &told))
	planted("resources are not looked at", foresees(func(o analysis.Options, all []possible.Claim, _ possible.Holdings, most int) ([]possible.Conflict, error) {
		return possible.Conflicts(o, all, nil, most)
	}, &told))
	planted("priorities are not looked at", foresees(func(o analysis.Options, all []possible.Claim, held possible.Holdings, most int) ([]possible.Conflict, error) {
		all = slices.Clone(all)
		for i := range all {
			all[i].Priority = 0
		}
		return possible.Conflicts(o, all, held, most)
	}, &told))
	planted("a witness without labels", foresees(func(o analysis.Options, all []possible.Claim, held possible.Holdings, most int) ([]possible.Conflict, error) {
		found, err := possible.Conflicts(o, all, held, most)
		for i := range found {
			found[i].Witness.Labels = nil
		}
		return found, err
	}, &told))
}
