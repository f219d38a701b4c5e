package operator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/inprocess"
	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/operator/rota"
	"github.com/musterfleet/muster/executor/wire"
)

// mortal is a fleet as a process sees it that can be killed: from then on it reaches nothing.
type mortal struct {
	*inprocess.Fleet
	dead atomic.Bool
}

var errDead = errors.New("no route to host")

func (m *mortal) Write(ctx context.Context, w []executor.Write) ([]executor.Result, error) {
	if m.dead.Load() {
		return nil, errDead
	}
	return m.Fleet.Write(ctx, w)
}

func (m *mortal) PutDuty(ctx context.Context, d wire.Duty, revision uint64) (uint64, error) {
	if m.dead.Load() {
		return 0, errDead
	}
	return m.Fleet.PutDuty(ctx, d, revision)
}

// replica serves beside others, and can be killed.
func (r *rig) replica(name string, told *told) (*serving, *mortal) {
	m := &mortal{Fleet: r.fleet}
	return r.serve(name, func(o *operator.Operator) {
		o.Fleet, o.SummaryEvery, o.Publish = m, 20*time.Millisecond, told.put
		o.Rota = &rota.Rota{Store: m, Me: name, Lasts: 300 * time.Millisecond, Now: time.Now}
	}), m
}

// told is what operators publish.
type told struct {
	mu  sync.Mutex
	all map[string]string
}

func (t *told) put(_ context.Context, key string, value []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[string]string{}
	}
	t.all[key] = string(value)
	return nil
}

func (t *told) sum(test *testing.T) operator.Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	var parts []operator.Summary
	for key, text := range t.all {
		if strings.HasPrefix(key, operator.SummaryPrefix) {
			parts = append(parts, parsed[operator.Summary](test, text))
		}
	}
	return operator.Sum(parts...)
}

const budgeted = "---\napiVersion: muster.fleet/v1alpha1\nkind: Rollout\nmetadata: {name: web}\nspec: {for: web, waves: [{percent: 20}, {rest: true}], budget: {maxUnavailable: 2}, gate: {healthy: 100%}}\n" +
	"---\napiVersion: muster.fleet/v1alpha1\nkind: Fleet\nmetadata: {name: even}\nspec: {expression: 'label(\"name\") glob \"*[02468]\"'}\n"

// TestReplicasTakeOver: of three, the one that leads is killed twice in the middle of a run. Nothing
// is done twice, the budget holds, and the run that was begun is the one that ends.
func TestReplicasTakeOver(t *testing.T) {
	var names []string
	for i := range 24 {
		names = append(names, fmt.Sprintf("d%02d", i))
	}
	r := newRig(t, names...)
	r.slow = 60 * time.Millisecond
	var down, most atomic.Int64
	r.begins = func(_ string, version string) {
		if version == "2" {
			if n := down.Add(1); n > most.Load() {
				most.Store(n)
			}
		}
	}
	r.ends = func(_ string, version string) {
		if version == "2" {
			down.Add(-1)
		}
	}
	all := &told{}
	var replicas []*serving
	var processes []*mortal
	for i := range 3 {
		s, m := r.replica(fmt.Sprint("replica-", i), all)
		replicas, processes = append(replicas, s), append(processes, m)
		s.declare(t, web("1", budgeted))
	}
	r.runs("1", names...)
	alive := map[int]bool{0: true, 1: true, 2: true}
	leader := func() int {
		for i := range replicas {
			if s := replicas[i].Status().Standing.State; alive[i] && s != operator.Standby && s != operator.Starting && s != operator.Unreachable {
				return i
			}
		}
		return -1
	}
	eventually(t, func() bool { return leader() >= 0 && replicas[leader()].Status().Standing.State == operator.InSync }, func() any { return all })
	for _, s := range replicas {
		s.declare(t, web("2", budgeted))
	}
	runs := len(r.records().Runs)
	for killed := range 2 {
		eventually(t, func() bool { return r.count("2") > 4+8*killed }, func() any { return r.count("2") })
		i := leader()
		if i < 0 {
			t.Fatal("nobody leads in the middle of a run")
		}
		processes[i].dead.Store(true)
		delete(alive, i)
		eventually(t, func() bool { return leader() >= 0 }, func() any { return alive })
	}
	r.runs("2", names...)
	last := leader()
	replicas[last].stands(t, operator.InSync)
	if n := most.Load(); n > 2 || n == 0 {
		t.Errorf("%d devices were down at a time, the budget is 2", n)
	}
	if n := len(r.records().Runs) - runs; n != 1 {
		t.Errorf("%d runs instead of one that goes on", n)
	}
	r.mu.Lock()
	for name, versions := range r.published {
		if strings.Join(versions, " ") != "1 2" {
			t.Errorf("%s ran %v", name, versions)
		}
	}
	r.mu.Unlock()
	for name := range r.generations() {
		if g := r.generations()[name]; g > 3 { // one more where what a dead one had announced was settled
			t.Errorf("%s was published to %d times", name, g)
		}
	}
	// What the one that is left tells of all shards is the whole fleet.
	eventually(t, func() bool {
		s := all.sum(t)
		return s.Devices == 24 && s.Online == 24 && s.Pending == 0 && len(s.Deployments) == 1 && s.Deployments[0].Running == 24 && s.Deployments[0].Deployment == "web@2" &&
			len(s.Fleets) == 1 && s.Fleets[0].Devices == 12 && s.Fleets[0].Healthy == 12
	}, func() any { return all.sum(t) })
	all.mu.Lock()
	defer all.mu.Unlock()
	if s := parsed[operator.Told](t, all.all[operator.StatusKey]); s.Holder != fmt.Sprint("replica-", last) || s.Standing.State != operator.InSync {
		t.Errorf("told: %+v", s)
	}
}

func (r *rig) generations() map[string]uint64 {
	out := map[string]uint64{}
	for id, d := range r.records().Devices {
		if v, err := wire.Open(d.Desired.Value, id, r.keys); err == nil {
			out[id.String()] = v.State().Generation
		}
	}
	return out
}

// count is how many devices run a version of web.
func (r *rig) count(version string) int {
	n := 0
	for _, d := range r.records().Devices {
		if s := d.States[algebra.MustApp("web")].Value; s.Running.Version.String() == version {
			n++
		}
	}
	return n
}
