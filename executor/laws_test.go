package executor_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"sync"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/inprocess"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
)

type inprocessFleet = inprocess.Fleet

const (
	members   = 10
	mayBeDown = 2
	// brief is how long leases last here: the dead are many.
	brief = 40 * time.Millisecond
)

// rolling is a World that takes web to a version in two waves, with at most two devices down.
const rolling = `
---
apiVersion: muster.fleet/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {for: web, waves: [{percent: 30}, {rest: true}], budget: {maxUnavailable: 2}, gate: {healthy: 100%}}
`

// theatre is a fleet on which version 1 runs and 2 is to.
type theatre struct {
	*rig
	witness  *witness
	approved policies.Approved
	id       string
}

func newTheatre(t *testing.T, seed int64, b broken) *theatre {
	var names []string
	for i := range members {
		names = append(names, fmt.Sprintf("d%d", i))
	}
	r := newRig(t, names...)
	r.slow = 2 * time.Millisecond
	r.apply(world(t, "1"))
	w := worldOf(t, "2", rolling)
	approved := approve(t, w, r.observe())
	return &theatre{r, &witness{inprocessFleet: r.fleet, keys: r.keys, limit: mayBeDown, broken: b, dice: rand.New(rand.NewSource(seed))}, approved, "r-" + approved.Digest().Short()}
}

// live has an applier carry the run out until it ends or dies at its nth write.
func (th *theatre) live(m *mortal, holder string) (executor.Outcome, error) {
	m.witness = th.witness
	a := th.applier()
	a.Transport, a.Holder, a.Lasts = m, holder, brief
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		begun := false
		if records, err := th.fleet.Read(ctx); err == nil {
			_, begun = records.Runs[th.id]
		}
		var out executor.Outcome
		var err error
		if begun {
			out, err = a.Attach(ctx, th.id)
		} else {
			out, err = a.Apply(ctx, th.approved)
		}
		if errors.Is(err, executor.ErrHeld) || errors.Is(err, executor.ErrOvertaken) {
			time.Sleep(brief / 4)
			continue
		}
		return out, err
	}
}

// killLaw: wherever appliers are killed, however often and however many there are, and whatever
// they had on its way arrives when it will: the budget is kept, who was overtaken publishes
// nothing more, and the run ends as it would have.
func killLaw(t *testing.T, b broken, seen *[3]int) gopter.Prop {
	return prop.ForAll(func(seed int64) string {
		th := newTheatre(t, seed, b)
		dice := rand.New(rand.NewSource(seed))
		for n := range 1 + dice.Intn(4) {
			var lives sync.WaitGroup
			for k := range 1 + dice.Intn(2) {
				m := &mortal{n: 1 + dice.Intn(25)}
				if dice.Intn(2) == 0 {
					m.n, m.publishing = 1+dice.Intn(3), true
				}
				lives.Go(func() { _, _ = th.live(m, fmt.Sprintf("holder %d of %d", k, n)) })
			}
			lives.Wait()
		}
		_, err := th.live(&mortal{n: -1}, "the last")
		th.witness.mu.Lock()
		defer th.witness.mu.Unlock()
		for _, late := range th.witness.late {
			th.witness.pass(context.Background(), &mortal{witness: th.witness, fence: late.fence}, late.writes)
		}
		seen[0] += th.witness.seen.kills
		seen[1] += th.witness.seen.late + len(th.witness.late)
		if th.witness.wrong != "" {
			return th.witness.wrong
		}
		if err != nil && !errors.Is(err, executor.ErrEnded) {
			return "the last applier: " + err.Error()
		}
		records, err := th.fleet.Read(context.Background())
		if err != nil {
			return err.Error()
		}
		if run := records.Runs[th.id].Value; run.Status != wire.RunSucceeded {
			return "the run is " + run.Status.String() + " " + run.Reason
		}
		for _, c := range planner.Make(worldOf(t, "2", rolling), th.observe()).Changes {
			if id := c.Action.Target().Device; id != th.witness.relabelled {
				return id.String() + " is left"
			}
		}
		return ""
	}, stories())
}

// stories do not shrink: another seed is another story, not a smaller one.
func stories() gopter.Gen { return gen.Int64().WithShrinker(gopter.NoShrinker) }

func TestKilledAnywhereARunConverges(t *testing.T) {
	var seen [3]int
	algebratest.Law(t, 20)(killLaw(t, broken{}, &seen))
	if seen[0] < 20 || seen[1] < 3 {
		t.Errorf("only %d appliers were killed, and %d had writes on their way", seen[0], seen[1])
	}
}

// orderLaw: once a person's pause or cancel is stored, at most the batch that was announced before
// it is published. A cancelled run ends when the devices published to have come to an end, and
// names all others.
func orderLaw(t *testing.T, b broken, orders *int) gopter.Prop {
	return prop.ForAll(func(seed int64) string {
		th := newTheatre(t, seed, b)
		dice := rand.New(rand.NewSource(seed))
		cancel := dice.Intn(2) == 0
		before := -1
		m := &mortal{n: -1, at: 8 + dice.Intn(12)}
		wrong := ""
		m.told = func() {
			var e rollout.Event = rollout.Pause{By: "eve"}
			if cancel {
				e = rollout.Cancel{By: "eve"}
			}
			if err := th.witness.order(th.id, e); err != nil {
				return // it has ended
			}
			before = th.witness.calls
			*orders++
			if !cancel {
				go func() {
					time.Sleep(60 * time.Millisecond)
					th.witness.mu.Lock()
					if n := th.witness.calls - before; n > 1 {
						wrong = fmt.Sprintf("%d batches were published though the run is paused", n)
					}
					th.witness.mu.Unlock()
					_ = th.witness.order(th.id, rollout.Resume{By: "eve"})
				}()
			}
		}
		out, err := th.live(m, "the one")
		th.witness.mu.Lock()
		defer th.witness.mu.Unlock()
		switch {
		case wrong != "":
			return wrong
		case err != nil:
			return err.Error()
		case th.witness.wrong != "":
			return th.witness.wrong
		case before < 0 || !cancel:
			if out.Run.Status != wire.RunSucceeded {
				return "the run is " + out.Run.Status.String() + " " + out.Run.Reason
			}
			return ""
		}
		if n := th.witness.calls - before; n > 1 {
			return fmt.Sprintf("%d batches were published though the run is cancelled", n)
		}
		if out.Run.Status != wire.RunCancelled || out.Count.Published != out.Count.Healthy {
			return fmt.Sprintf("the run is %s with %d of %d published devices healthy", out.Run.Status, out.Count.Healthy, out.Count.Published)
		}
		records := th.witness.read(context.Background())
		left := map[algebra.DeviceID]bool{}
		for _, l := range out.Left {
			left[l.Device] = true
		}
		for id, d := range records.Devices {
			v, err := wire.Open(d.Desired.Value, id, th.keys)
			if err != nil {
				return err.Error()
			}
			if has := v.State().Apps[algebra.MustApp("web")].Version.String() == "2"; has == left[id] {
				return fmt.Sprintf("%s has version 2: %t, and is named as left: %t", id, has, left[id])
			}
		}
		return ""
	}, stories())
}

func TestAPausedRunPublishesNothing(t *testing.T) {
	orders := 0
	algebratest.Law(t, 20)(orderLaw(t, broken{}, &orders))
	if orders < 15 {
		t.Errorf("only %d orders were given", orders)
	}
}

func TestExecutorLawsSeePlantedBugs(t *testing.T) {
	var seen [3]int
	n, check := 0, algebratest.Planted(t, 40)
	check("who is overtaken is not fenced off", killLaw(t, broken{noIntent: true}, &seen))
	check("desired states are not compared and set", killLaw(t, broken{noFence: true}, &seen))
	check("the run is written over what a person said", orderLaw(t, broken{deaf: true}, &n))
}
