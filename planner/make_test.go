package planner_test

import (
	"bytes"
	"maps"
	"math/rand"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/planfile"
)

// publish is the situation after the plan's registry changes and some of its actions.
func publish(s algebratest.Situation, p planner.Plan, actions ...planner.Action) algebratest.Situation {
	s.Published, s.Records, s.Devices = maps.Clone(s.Published), maps.Clone(s.Records), slices.Clone(s.Devices)
	for _, c := range p.Registry {
		i := slices.IndexFunc(s.Devices, func(d algebra.Device) bool { return d.ID == c.Device })
		if i < 0 {
			i = len(s.Devices)
			s.Devices = append(s.Devices, algebra.Device{ID: c.Device})
		}
		s.Devices[i].Labels = c.After
		if c.Decommissioned && s.Records[c.Device].Lifecycle != algebra.Revoked {
			s.Records[c.Device] = algebra.Record{Lifecycle: algebra.Decommissioned}
		}
	}
	for _, a := range actions {
		at := algebra.Slot{Device: a.Target().Device, App: a.Target().App}
		if rel := holds(a); rel.IsZero() {
			delete(s.Published, at)
		} else {
			s.Published[at] = rel
		}
	}
	return s
}

// remainderLaw: after any part of a plan was published, the plan is exactly the rest, with the
// same blocks; after all of it, there is nothing left to do.
func remainderLaw(make planning, several *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		plan := make(s.World, s.Reality())
		actions := plan.Actions()
		if len(actions) > 2 {
			*several++
		}
		r := rand.New(rand.NewSource(int64(len(actions))))
		var done, rest []planner.Action
		for _, a := range actions {
			if r.Intn(2) == 0 {
				done = append(done, a)
			} else {
				rest = append(rest, a)
			}
		}
		next := publish(s, plan, done...)
		again := make(next.World, next.Reality())
		end := publish(s, plan, actions...)
		last := make(end.World, end.Reality())
		return slices.Equal(byTarget(again.Actions()), byTarget(rest)) && sameBlocks(again, plan) && last.IsEmpty() && sameBlocks(last, plan)
	}, algebratest.Situations())
}

// byTarget orders actions whatever their waves.
func byTarget(actions []planner.Action) []planner.Action {
	return slices.SortedFunc(slices.Values(actions), func(a, b planner.Action) int { return a.Target().Compare(b.Target()) })
}

func sameBlocks(x, y planner.Plan) bool {
	return slices.EqualFunc(x.Blocked, y.Blocked, func(a, b planner.Blocked) bool {
		return a.At == b.At && a.Why == b.Why && a.Detail == b.Detail && slices.Equal(a.Sources, b.Sources)
	})
}

func TestPlanAfterAnyPartIsTheRest(t *testing.T) {
	several := 0
	algebratest.Law(t, cases)(remainderLaw(planner.Make, &several))
	if several < cases/5 {
		t.Errorf("several actions in %d of %d cases only", several, cases)
	}
}

// blockedLaw: no blocked slot is in an action, and none in flight.
func blockedLaw(make planning, some *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		plan := make(s.World, s.Reality())
		blocked := map[planner.Target]bool{}
		for _, b := range plan.Blocked {
			blocked[b.At] = true
		}
		if len(blocked) > 0 && len(plan.Changes) > 0 {
			*some++
		}
		return !slices.ContainsFunc(plan.Actions(), func(a planner.Action) bool { return blocked[a.Target()] }) &&
			!slices.ContainsFunc(plan.InFlight, func(f planner.InFlight) bool { return blocked[f.At] })
	}, algebratest.Situations())
}

func TestPlanLeavesBlockedSlotsAlone(t *testing.T) {
	some := 0
	algebratest.Law(t, cases)(blockedLaw(planner.Make, &some))
	if some < cases/5 {
		t.Errorf("blocks and actions met in %d of %d cases only", some, cases)
	}
}

// assignedLaw: what an action places is claimed for its slot by a rule of the World.
func assignedLaw(make planning, placed *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		plan := make(s.World, s.Reality())
		claims := s.World.On(s.Reality().Of(plan.Roster)).Assignment()
		for _, a := range plan.Actions() {
			rel := holds(a)
			if rel.IsZero() {
				continue
			}
			*placed++
			i, _ := plan.Roster.Ordinal(a.Target().Device)
			if !slices.ContainsFunc(claims.At(i), func(c algebra.Claim) bool {
				return c.Deployment.App() == a.Target().App && c.Deployment.Digest() == rel.Deployment
			}) {
				return false
			}
		}
		return true
	}, algebratest.Situations())
}

func TestPlanPlacesOnlyWhatARuleAssigns(t *testing.T) {
	placed := 0
	algebratest.Law(t, cases)(assignedLaw(planner.Make, &placed))
	if placed < cases {
		t.Errorf("%d releases placed in %d cases", placed, cases)
	}
}

// labelLaw: once the plan is published and a label is taken from a device, the next plan
// empties every slot there that no rule claims any more, unless the device is out of reach.
func labelLaw(make planning, removed *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		s.World.Devices = nil // documents would put the label back
		plan := make(s.World, s.Reality())
		s = publish(s, plan, plan.Actions()...)
		for n, dev := range s.Devices {
			if s.Records[dev.ID].Lifecycle == algebra.Revoked {
				continue
			}
			for key := range dev.Labels {
				less := s
				less.Devices = slices.Clone(s.Devices)
				less.Devices[n].Labels = maps.Clone(dev.Labels)
				delete(less.Devices[n].Labels, key)
				plan := make(less.World, less.Reality())
				i, _ := plan.Roster.Ordinal(dev.ID)
				claims := less.World.On(s.Reality().Of(plan.Roster)).Assignment().At(i)
				after := publish(less, plan, plan.Actions()...)
				for at := range s.Published {
					claimed := slices.ContainsFunc(claims, func(c algebra.Claim) bool { return c.Deployment.App() == at.App })
					if at.Device != dev.ID || claimed {
						continue
					}
					*removed++
					if _, stays := after.Published[at]; stays {
						return false
					}
				}
			}
		}
		return true
	}, algebratest.Situations())
}

func TestLabelTakenAwayTakesWhatItBrought(t *testing.T) {
	removed := 0
	algebratest.Law(t, cases)(labelLaw(planner.Make, &removed))
	if removed < cases/5 {
		t.Errorf("%d slots lost their rule in %d cases", removed, cases)
	}
}

// localMakeLaw: the plan of one device's situation is the plan restricted to it, and another
// label on one device changes nothing of the other devices.
func localMakeLaw(make planning, changed *int) gopter.Prop {
	return prop.ForAll(func(s algebratest.Situation) bool {
		plan := make(s.World, s.Reality())
		for _, dev := range s.Devices {
			alone := s.Only(func(id algebra.DeviceID) bool { return id == dev.ID })
			own := make(alone.World, alone.Reality())
			here := func(at algebra.DeviceID) bool { return at == dev.ID }
			if !sameParts(own, plan, here) || len(own.Changes) != len(at(dev.ID, plan.Actions())) {
				return false
			}
			relabelled := s.WithLabel(dev.ID, "ring", "1")
			other := make(relabelled.World, relabelled.Reality())
			if !sameParts(other, plan, here) {
				*changed++
			}
			if !sameParts(other, plan, func(at algebra.DeviceID) bool { return at != dev.ID }) {
				return false
			}
		}
		return true
	}, algebratest.Situations())
}

// sameParts compares what two plans say of some devices.
func sameParts(x, y planner.Plan, of func(algebra.DeviceID) bool) bool {
	part := func(p planner.Plan) planner.Plan {
		p.Changes = slices.DeleteFunc(slices.Clone(p.Changes), func(c planner.Change) bool { return !of(c.Action.Target().Device) })
		slices.SortFunc(p.Changes, func(a, b planner.Change) int { return a.Action.Target().Compare(b.Action.Target()) })
		p.Blocked = slices.DeleteFunc(slices.Clone(p.Blocked), func(b planner.Blocked) bool { return !of(b.At.Device) })
		p.InFlight = slices.DeleteFunc(slices.Clone(p.InFlight), func(f planner.InFlight) bool { return !of(f.At.Device) })
		return p
	}
	x, y = part(x), part(y)
	return slices.EqualFunc(x.Changes, y.Changes, func(a, b planner.Change) bool {
		return a.Action == b.Action && a.Reason == b.Reason && a.By == b.By && a.Values.Equal(b.Values)
	}) && sameBlocks(x, y) && slices.Equal(x.InFlight, y.InFlight)
}

func TestPlanIsLocal(t *testing.T) {
	changed := 0
	algebratest.Law(t, cases)(localMakeLaw(planner.Make, &changed))
	if changed < cases/5 {
		t.Errorf("another label changed the device's part in %d cases of %d", changed, cases)
	}
}

// bytesLaw: documents and devices in another order give the same plan file, byte for byte.
func bytesLaw(make planning) gopter.Prop {
	file := func(s algebratest.Situation) []byte {
		r := s.Reality()
		return planfile.From(make(s.World, r), r, planfile.Request{}, algebratest.Now).JSON()
	}
	return prop.ForAll(func(s algebratest.Situation) bool {
		first := file(s)
		return bytes.Equal(first, file(s.Shuffled(1))) && bytes.Equal(first, file(s.Shuffled(2)))
	}, algebratest.Situations())
}

func TestPlanFileDoesNotDependOnOrder(t *testing.T) {
	algebratest.Law(t, cases)(bytesLaw(planner.Make))
}

// TestPlanLawsSeeWrongPlans plants one bug for each law and asks that very law.
func TestPlanLawsSeeWrongPlans(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	without := func(drop func(planner.Plan, planner.Change) bool) planning {
		return func(w algebra.World, r algebra.Reality) planner.Plan {
			p := planner.Make(w, r)
			whole := p
			p.Changes = slices.DeleteFunc(slices.Clone(p.Changes), func(c planner.Change) bool { return drop(whole, c) })
			return p
		}
	}
	check("one action at a time, remainder", remainderLaw(without(func(_ planner.Plan, c planner.Change) bool { return c.ID != "c1" }), &n))
	check("no more than five actions, locality", localMakeLaw(without(func(p planner.Plan, _ planner.Change) bool { return len(p.Changes) > 5 }), &n))
	check("nothing is ever stopped, labels", labelLaw(without(func(_ planner.Plan, c planner.Change) bool {
		_, stop := c.Action.(planner.Stop)
		return stop
	}), &n))
	check("refusals are not looked at, blocks and the reference", matchesReference(func(w algebra.World, r algebra.Reality) planner.Plan {
		r.Slots = nil
		return planner.Make(w, r)
	}))
	check("revocations are not looked at, the reference", matchesReference(func(w algebra.World, r algebra.Reality) planner.Plan {
		r.Records = nil
		return planner.Make(w, r)
	}))
	rare := algebratest.Planted(t, 5*planted)
	rare("what runs counts for nothing, the reference", matchesReference(func(w algebra.World, r algebra.Reality) planner.Plan {
		r.Specs = nil // a kept deployment holds no port then
		return planner.Make(w, r)
	}))
	check("blocked slots are emptied, blocks", blockedLaw(func(w algebra.World, r algebra.Reality) planner.Plan {
		p := planner.Make(w, r)
		for _, b := range p.Blocked {
			p.Changes = append(p.Changes, planner.Change{Action: planner.Stop{At: b.At}})
		}
		return p
	}, &n))
	check("everything gets the last deployment, assigned", assignedLaw(func(w algebra.World, r algebra.Reality) planner.Plan {
		p := planner.Make(w, r)
		last := w.Deployments[len(w.Deployments)-1]
		for i, c := range p.Changes {
			if a, ok := c.Action.(planner.Start); ok {
				a.Want.Deployment = last.Digest()
				p.Changes[i].Action = a
			}
		}
		return p
	}, &n))
	check("the first document is named as the reason, bytes", bytesLaw(func(w algebra.World, r algebra.Reality) planner.Plan {
		p := planner.Make(w, r)
		for i := range p.Changes {
			p.Changes[i].By.Assignment = w.Assignments[0].Name
		}
		return p
	}))
}
