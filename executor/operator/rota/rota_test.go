package rota_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/musterfleet/muster/executor/inprocess"
	"github.com/musterfleet/muster/executor/operator/rota"
	"github.com/musterfleet/muster/executor/wire"
)

const lasts = 300 * time.Millisecond

// replica is one that tests can kill: then it is neither heard nor does it hear.
type replica struct {
	*inprocess.Fleet
	dead atomic.Bool
	stop context.CancelFunc
	mu   sync.Mutex
	held rota.Held
}

func (r *replica) PutDuty(ctx context.Context, d wire.Duty, revision uint64) (uint64, error) {
	if r.dead.Load() {
		return 0, errors.New("no route to host")
	}
	return r.Fleet.PutDuty(ctx, d, revision)
}

func (r *replica) kill() {
	r.dead.Store(true)
	r.stop()
}

func (r *replica) now() rota.Held {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held
}

func start(t *testing.T, f *inprocess.Fleet, name string) *replica {
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	r := &replica{Fleet: f, stop: stop}
	feed := rota.Rota{Store: r, Me: name, Lasts: lasts, Now: time.Now}.Run(ctx)
	go func() {
		for h := range feed {
			r.mu.Lock()
			r.held = h
			r.mu.Unlock()
		}
	}()
	return r
}

// shared says what is wrong with how work is shared, or nothing.
func shared(replicas ...*replica) string {
	leads, shards := 0, [rota.Shards]int{}
	for i, r := range replicas {
		h, n := r.now(), 0
		if h.Lead {
			leads++
		}
		for s, mine := range h.Shards {
			if mine {
				shards[s]++
				n++
			}
		}
		if n == 0 || n == rota.Shards && len(replicas) > 1 {
			return fmt.Sprintf("replica %d has %d shards", i, n)
		}
	}
	if leads != 1 {
		return fmt.Sprintf("%d lead", leads)
	}
	for s, n := range shards {
		if n != 1 {
			return fmt.Sprintf("shard %d is done by %d", s, n)
		}
	}
	return ""
}

func becomes(t *testing.T, within time.Duration, replicas ...*replica) {
	t.Helper()
	why := ""
	for began := time.Now(); time.Since(began) < within; time.Sleep(5 * time.Millisecond) {
		if why = shared(replicas...); why == "" {
			return
		}
	}
	t.Fatalf("after %s: %s", within, why)
}

func TestWorkIsShared(t *testing.T) {
	f := inprocess.New(time.Now)
	a := start(t, f, "a")
	becomes(t, time.Minute, a)
	b := start(t, f, "b")
	becomes(t, time.Minute, a, b)
	if !a.now().Lead {
		t.Error("the lead moved to the replica that joined")
	}
	c := start(t, f, "c")
	becomes(t, time.Minute, a, b, c)
	a.kill()
	becomes(t, time.Minute, b, c) // after 1.25 times lasts, and what a slow machine adds
	c.stop()                      // it leaves: nobody waits
	becomes(t, time.Minute, b)
}

// TestSilentReplicaStopsFirst: who cannot write acts no more before another may.
func TestSilentReplicaStopsFirst(t *testing.T) {
	f := inprocess.New(time.Now)
	a := start(t, f, "a")
	becomes(t, time.Minute, a)
	b := start(t, f, "b")
	becomes(t, time.Minute, a, b)
	a.dead.Store(true) // it still runs, and sees
	both := 0
	for began := time.Now(); time.Since(began) < 3*lasts; time.Sleep(time.Millisecond) {
		if a.now().Lead && b.now().Lead {
			both++
		}
	}
	if both > 0 || a.now().Lead || !b.now().Lead {
		t.Errorf("both led at %d moments; now a leads: %t, b: %t", both, a.now().Lead, b.now().Lead)
	}
	a.dead.Store(false)
	becomes(t, time.Minute, a, b)
}
