package operator_test

import (
	"context"
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
)

// event is something that happens to a fleet or its World; both fleets of the law have it happen.
type event struct {
	name  string
	world string // a World's documents
	fleet func(*rig)
}

// events are some, in an order in which they make sense.
func events(r *rand.Rand) []event {
	joined, silent := 0, []string{}
	var out []event
	for range 3 + r.Intn(5) {
		name := fmt.Sprint("d", joined)
		switch n := r.Intn(7); {
		case n < 3:
			where := []string{"all", `label("name") glob "*[02468]"`, `label("moved") = "yes"`}[r.Intn(3)]
			gates := []string{"spec: {gates: none}", "spec: {gates: none}", "spec: {strict: true}"}[r.Intn(3)] // the last is denied: it has no gates
			out = append(out, event{"a World", assigned(fmt.Sprint(1+r.Intn(3)), where, gates), nil})
		case n == 3 && len(silent) > 0:
			back := silent[0]
			silent = silent[1:]
			out = append(out, event{back + " is heard", "", func(r *rig) { r.run(back) }})
		case n == 4:
			joined++
			silent = append(silent, name)
			out = append(out, event{name + " is enrolled", "", func(r *rig) { r.enrol(name) }})
		case n == 5 && joined > 0:
			id := algebra.MustDeviceID(fmt.Sprint("d", r.Intn(joined)))
			out = append(out, event{id.String() + " is relabelled", "", func(r *rig) { r.relabel(id) }})
		default:
			joined++
			out = append(out, event{name + " joins", "", func(r *rig) { r.join(name) }})
		}
	}
	return out
}

func assigned(version, where, gates string) string {
	return fmt.Sprintf("apiVersion: muster.fleet/v1alpha1\nkind: World\nmetadata: {name: web}\n%s\n---\n"+
		"apiVersion: muster.fleet/v1alpha1\nkind: Deployment\nmetadata: {name: web}\nspec: {app: web, version: %s, podman: {containers: [{name: web, image: 'localhost/web:%[2]s'}]}}\n---\n"+
		"apiVersion: muster.fleet/v1alpha1\nkind: Fleet\nmetadata: {name: some}\nspec: {expression: '%s'}\n---\n"+
		"apiVersion: muster.fleet/v1alpha1\nkind: Assignment\nmetadata: {name: web}\nspec: {expression: '@some -> {web}'}\n", gates, version, where)
}

func (r *rig) relabel(id algebra.DeviceID) {
	entry := r.records().Devices[id].Entry
	entry.Value.Labels = map[string]string{"name": id.String(), "moved": "yes"}
	_, err := r.fleet.Write(r.t.Context(), []executor.Write{executor.SetEntry{Entry: entry.Value, Revision: entry.Revision}})
	must(r.t, err)
}

func judge(w algebra.World) func(policies.Proposal) (policies.Approved, policies.Report) {
	return func(p policies.Proposal) (policies.Approved, policies.Report) {
		return policies.Review(p, nil, policies.Options{NoGates: w.NoGates, AllowStop: 1000})
	}
}

// byHand does what a person does who plans and applies until nothing is left that can be done.
func (r *rig) byHand(w algebra.World) error {
	for range 10 {
		reality, _, err := executor.Observe(r.t.Context(), r.fleet, r.keys, time.Now())
		if err != nil {
			return err
		}
		plan := planner.Make(w, reality)
		if !slices.ContainsFunc(plan.Changes, func(c planner.Change) bool { return reality.Records[c.Action.Target().Device].Online(time.Now()) }) {
			return nil
		}
		approved, report := judge(w)(policies.Proposal{Plan: plan, Reality: reality, Now: time.Now()})
		if report.Denied() {
			return nil
		}
		a := executor.Applier{Transport: r.fleet, Key: r.key, Keys: r.keys, By: "ana", Holder: "ana", Now: time.Now}
		if _, err := a.Apply(r.t.Context(), approved); err != nil {
			return err
		}
	}
	return fmt.Errorf("there is no end to it")
}

// placed is what is published, device by device.
func (r *rig) placed() string {
	reality, _, err := executor.Observe(r.t.Context(), r.fleet, r.keys, time.Now())
	must(r.t, err)
	text := ""
	for i := range uint32(reality.Roster.Len()) {
		text += fmt.Sprintln(reality.Roster.ID(i), reality.Published.Release(i, algebra.MustApp("web")).Version)
	}
	return text
}

// serveLaw: the fleet of an operator and one that a person applies to by hand come to the same after
// each event. deaf has the operator not hear some of it.
func serveLaw(t *testing.T, cases time.Duration, deaf func(executor.Change) bool, misses func(event) bool, moved *int) gopter.Prop {
	return prop.ForAll(func(seed int64) (bool, error) {
		served, byHand := newRig(t), newRig(t)
		s := served.serve("one", func(o *operator.Operator) { o.Fleet = &deafened{served.fleet, deaf} })
		defer s.stop()
		w := world(t, assigned("1", "all", "spec: {gates: none}"))
		s.worlds <- operator.Loaded{World: w, Judge: judge(w)}
		var story []string
		for _, e := range events(rand.New(rand.NewSource(seed))) {
			story = append(story, e.name)
			if e.world != "" {
				w = world(t, e.world)
				if !misses(e) {
					s.worlds <- operator.Loaded{World: w, Judge: judge(w)}
				}
			} else {
				e.fleet(served)
				e.fleet(byHand)
			}
			before := byHand.placed()
			if err := byHand.byHand(w); err != nil {
				return false, err
			}
			want := byHand.placed()
			if want != before {
				*moved++
			}
			have := ""
			for began := time.Now(); have != want; time.Sleep(2 * time.Millisecond) {
				if have = served.placed(); time.Since(began) > cases && have != want {
					return false, fmt.Errorf("after %v it is %+v and published\n%s\nby hand it is\n%s", story, s.Status(), have, want)
				}
			}
		}
		time.Sleep(30 * time.Millisecond) // and nothing more is done
		if have, want := served.placed(), byHand.placed(); have != want {
			return false, fmt.Errorf("after %v more was published:\n%s\nby hand it is\n%s", story, have, want)
		}
		return true, nil
	}, gen.Int64().WithShrinker(gopter.NoShrinker))
}

// deafened is a fleet of which some changes are not heard.
type deafened struct {
	executor.Watcher
	drop func(executor.Change) bool
}

func (d *deafened) WatchAll(ctx context.Context) (<-chan executor.Change, error) {
	feed, err := d.Watcher.WatchAll(ctx)
	out := make(chan executor.Change)
	go func() {
		defer close(out)
		for c := range feed {
			if d.drop(c) {
				continue
			}
			select {
			case out <- c:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, err
}

func hears(executor.Change) bool { return false }
func sees(event) bool            { return false }

func TestServeIsPlanAndApply(t *testing.T) {
	moved := 0
	algebratest.Law(t, 8)(serveLaw(t, time.Minute, hears, sees, &moved))
	if moved < 16 {
		t.Errorf("only %d events moved anything", moved)
	}
}

func TestServeLawSeesWrongOperators(t *testing.T) {
	n := 0
	check := algebratest.Planted(t, 8)
	brief := time.Second
	check("it is deaf to the registry", serveLaw(t, brief, func(c executor.Change) bool { _, is := c.Message.(wire.DeviceEntry); return is }, sees, &n))
	check("it does not hear who is back", serveLaw(t, brief, func(c executor.Change) bool { _, is := c.Message.(wire.Heartbeat); return is }, sees, &n))
	check("it misses Worlds", serveLaw(t, brief, hears, func(event) bool { return true }, &n))
}
