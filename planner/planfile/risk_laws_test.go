package planfile_test

import (
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
)

// riskLaw: the risk counts devices, each once; no group that devices are counted by has a larger
// share disrupted, or possibly down at one time, than the one it names; and what a device runs
// already it does not pull.
func riskLaw(weigh func(planfile.File) planfile.Risk, some *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		p, _, f := written(s)
		r := weigh(f)
		disrupted, pulls := map[string]bool{}, 0
		for _, c := range f.ResourceChanges {
			if c.Disruptive {
				disrupted[c.Device.ID] = true
			}
		}
		for _, c := range p.Changes {
			if start, ok := c.Action.(planner.Start); ok && !start.Want.IsZero() && c.Want.Spec().Podman != nil {
				pulls++
			}
		}
		if len(disrupted) > 1 && r.Disruption.Largest.Key != "" {
			*some++
		}
		if r.Disruption.Devices != len(disrupted) || pulls > 0 && r.Pull.Pulls == 0 {
			return false
		}
		for _, g := range f.Aggregates.ByLabel["site"] {
			if g.Disrupted*r.Disruption.Largest.Devices > r.Disruption.Largest.Disrupted*g.Devices {
				return false
			}
			if g.MaxDown > 0 && !slices.ContainsFunc(r.Down, func(d planfile.DownGroup) bool { return d.Key == "site" && g.MaxDown*d.Devices <= d.MaxDown*g.Devices }) {
				return false
			}
		}
		return true
	}, algebratest.Situations())
}

func TestRiskNamesTheWorst(t *testing.T) {
	some := 0
	algebratest.Law(t, cases)(riskLaw(planfile.File.Weighed, &some))
	if some < cases/5 {
		t.Errorf("a group is disrupted in %d of %d cases only", some, cases)
	}
}

func TestRiskLawSeesWrongOnes(t *testing.T) {
	ignored := 0
	plant := algebratest.Planted(t, cases)
	planted := func(change func(*planfile.Risk)) gopter.Prop {
		return riskLaw(func(f planfile.File) planfile.Risk {
			r := f.Weighed()
			change(&r)
			return r
		}, &ignored)
	}
	plant("slots for devices", planted(func(r *planfile.Risk) { r.Disruption.Devices = r.Disruption.Replace + r.Disruption.Stop }))
	plant("no site", planted(func(r *planfile.Risk) { r.Down = r.Down[:1] }))
	plant("a smaller share", planted(func(r *planfile.Risk) { r.Disruption.Largest.Disrupted-- }))
	plant("no pulls", planted(func(r *planfile.Risk) { r.Pull.Pulls = 0 }))
}
