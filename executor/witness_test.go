package executor_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"sync"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
)

// witness stands between appliers and a fleet. It sees each write in its order, ends appliers in
// the middle of one, and keeps some writes of the dead back, to let them go much later.
type witness struct {
	*inprocessFleet
	keys   wire.Keyring
	limit  int
	broken broken

	mu    sync.Mutex
	dice  *rand.Rand
	calls int // of SetDesired, by anybody
	fence uint64
	wrong string
	// late are writes that are still on their way, of whoever had this fence.
	late []belated
	// relabelled is a device that the dead were about to publish to, and which then got another
	// label, so that no successor publishes to it and refuses the late write by that alone.
	relabelled algebra.DeviceID
	seen       struct{ kills, late int }
}

type belated struct {
	fence  uint64
	writes []executor.Write
}

// broken is a bug that is planted.
type broken struct{ noIntent, noFence, deaf bool }

// mortal is the transport of one applier, which dies at its nth write, or its nth publication.
type mortal struct {
	*witness
	n          int
	publishing bool
	dead       bool
	// fence is that of the lease it wrote last.
	fence uint64
	// told is called under the lock before the write at which a pause or cancel is to come.
	at   int
	told func()
}

var errKilled = errors.New("killed")

func (m *mortal) Write(ctx context.Context, writes []executor.Write) ([]executor.Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return nil, errKilled
	}
	if m.at--; m.at == 0 && m.told != nil {
		m.told()
	}
	_, publishes := first(writes).(executor.SetDesired)
	if publishes || !m.publishing {
		m.n--
	}
	if m.n == 0 {
		m.dead = true
		m.seen.kills++
		switch m.dice.Intn(6) {
		case 0: // it never came to it
		case 1:
			m.pass(ctx, m, writes)
		case 2:
			m.pass(ctx, m, writes[:m.dice.Intn(len(writes)+1)])
		default:
			m.late = append(m.late, belated{m.fence, writes})
			m.relabel(ctx, writes)
		}
		return nil, errKilled
	}
	if len(m.late) > 0 && m.dice.Intn(3) == 0 {
		old := m.late[0]
		m.late = m.late[1:]
		m.seen.late++
		m.pass(ctx, &mortal{witness: m.witness, fence: old.fence}, old.writes)
	}
	return m.pass(ctx, m, writes), nil
}

func first(writes []executor.Write) executor.Write {
	if len(writes) == 0 {
		return nil
	}
	return writes[0]
}

func (w *witness) relabel(ctx context.Context, writes []executor.Write) {
	s, ok := first(writes).(executor.SetDesired)
	if !ok || !w.relabelled.IsZero() {
		return
	}
	w.relabelled = s.State.State().Device
	entry := w.read(ctx).Devices[w.relabelled].Entry
	entry.Value.Labels = map[string]string{"hold": "yes"}
	w.pass(ctx, &mortal{witness: w}, []executor.Write{executor.SetEntry{Entry: entry.Value, Revision: entry.Revision}})
}

// pass has writes happen one by one, and judges each.
func (w *witness) pass(ctx context.Context, by *mortal, writes []executor.Write) []executor.Result {
	out := make([]executor.Result, len(writes))
	published := false
	for i, one := range writes {
		switch s := one.(type) {
		case executor.SetLease:
			if w.broken.noIntent {
				s.Lease.Intent = ""
			}
			by.fence = s.Lease.Fence
			one = s
		case executor.SetRun:
			if w.broken.deaf {
				s.Revision = w.read(ctx).Runs[s.Run.ID].Revision
				one = s
			}
		case executor.SetDesired:
			published = true
			if w.broken.noFence {
				s.Revision = w.read(ctx).Devices[s.State.State().Device].Desired.Revision
				one = s
			}
		}
		results, err := w.inprocessFleet.Write(ctx, []executor.Write{one})
		if err != nil {
			out[i].Err = err
			continue
		}
		out[i] = results[0]
		if s, ok := one.(executor.SetDesired); ok && out[i].Err == nil {
			w.judge(ctx, by, s)
		}
	}
	if published {
		w.calls++
	}
	return out
}

func (w *witness) read(ctx context.Context) executor.Records {
	r, err := w.inprocessFleet.Read(ctx)
	if err != nil {
		panic(err)
	}
	return r
}

// judge sees whether the one who wrote may have, and how many devices are down by it.
func (w *witness) judge(ctx context.Context, by *mortal, s executor.SetDesired) {
	if by.fence < w.fence && w.wrong == "" {
		w.wrong = fmt.Sprintf("%s is published to by fence %d, after %d has", s.State.State().Device, by.fence, w.fence)
	}
	w.fence = max(w.fence, by.fence)
	down := 0
	for id, d := range w.read(ctx).Devices {
		v, err := wire.Open(d.Desired.Value, id, w.keys)
		if err != nil {
			continue
		}
		for app, rel := range v.State().Releases() {
			if s := d.States[app].Value; s.Phase != algebra.Running || s.Running.Release() != rel {
				down++
				break
			}
		}
	}
	if down > w.limit && w.wrong == "" {
		w.wrong = fmt.Sprintf("%d devices are down, and %d may be", down, w.limit)
	}
}

// order is what a person says of the run, as muster rollout does it.
func (w *witness) order(id string, e rollout.Event) error {
	_, err := executor.Order(context.Background(), w.inprocessFleet, id, e)
	return err
}
