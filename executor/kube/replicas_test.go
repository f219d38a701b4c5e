package kube_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/kube"
)

// replica is a loop that counts what it writes, and may be cut off from the API server or the fleet.
type replica struct {
	next     http.RoundTripper
	writes   atomic.Int64
	cut      atomic.Bool // as one that was killed: it says nothing more, not even that it goes
	idle     atomic.Bool
	unseeing atomic.Bool
}

func (r *replica) RoundTrip(q *http.Request) (*http.Response, error) {
	if r.cut.Load() {
		return nil, errors.New("it is dead")
	}
	if q.Method == http.MethodPatch {
		r.writes.Add(1)
	}
	return r.next.RoundTrip(q)
}

// lasts is how long leases do in these tests.
const lasts = 2 * time.Second

// replicas run on one namespace until the test ends.
func replicas(t *testing.T, n int) (*stage, []*replica) {
	t.Helper()
	b := open(t)
	_, err := b.cluster.Import(t.Context(), sampleFiles(t))
	must(t, err)
	w, errs := read(t, b.cluster).World()
	must(t, errs.Err())
	s := &stage{place: b, world: w, devices: fleetOfThree}
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	var all []*replica
	for i := range n {
		r := &replica{}
		all = append(all, r)
		config := rest.CopyConfig(server.Config)
		config.WrapTransport = func(next http.RoundTripper) http.RoundTripper {
			r.next = next
			return r
		}
		c, err := kube.Open(config, b.namespace)
		must(t, err)
		l := kube.Loop{Cluster: c, Watch: c.Watch(ctx), Every: 200 * time.Millisecond, Me: fmt.Sprint("replica-", i), Lasts: lasts, Tell: func(error) {},
			Idle: r.idle.Load,
			Lost: func() string {
				if r.unseeing.Load() {
					return "no broker answers"
				}
				return ""
			},
			Reality: func(context.Context) (algebra.Reality, error) {
				s.mu.Lock()
				defer s.mu.Unlock()
				return seen(t, s.world, s.devices, s.broken...), nil
			}}
		ended.Go(func() { l.Run(ctx) })
	}
	t.Cleanup(func() {
		cancel()
		ended.Wait()
	})
	return s, all
}

var leases = schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}

// comes waits until something is so.
func (s *stage) comes(what string, so func() bool) {
	s.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if so() {
			return
		}
	}
	s.Fatalf("%s: not within 30 s", what)
}

// holder is which of the replicas tells.
func (s *stage) holder() (n int) {
	s.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if o, err := s.client.Resource(leases).Namespace(s.namespace).Get(s.Context(), kube.LeaseName, metav1.GetOptions{}); err == nil {
			if who, _ := field(o, "spec", "holderIdentity").(string); who != "" {
				_, err := fmt.Sscanf(who, "replica-%d", &n)
				must(s.T, err)
				return n
			}
		}
	}
	s.Fatal("nobody holds the lease")
	return 0
}

// TestOneOfTheReplicasTells: of two on a namespace one writes. When it dies the other does, and what
// the first still had in hand does not get in its way.
func TestOneOfTheReplicasTells(t *testing.T) {
	s, all := replicas(t, 2)
	s.until("all runs", "assignments", "web", is(kube.Ready, "True", "Running"))
	one := s.holder()
	first, other := all[one], all[1-one]
	s.set(func() { s.broken = []string{"gw-2"} })
	s.until("one failed", "assignments", "web", is(kube.Ready, "False", "Failed"))
	if n := other.writes.Load(); n != 0 {
		t.Errorf("the other wrote %d times", n)
	}

	first.cut.Store(true)
	killed := time.Now()
	s.set(func() { s.broken = nil })
	s.until("the other takes over", "assignments", "web", is(kube.Ready, "True", "Running"))
	if took := time.Since(killed); took > 3*lasts {
		t.Errorf("it took over after %s, with a lease of %s", took, lasts)
	}
	if s.holder() == one {
		t.Error("the lease is the dead one's")
	}
	s.rests()
	rest := other.writes.Load()
	first.cut.Store(false) // as one that was only stopped for a while
	before := s.revisions()
	time.Sleep(2 * lasts)
	if after := s.revisions(); fmt.Sprint(before) != fmt.Sprint(after) || other.writes.Load() != rest {
		t.Errorf("something is written though nothing changed:\n%v\n%v", before, after)
	}
	if s.holder() == one {
		t.Error("the lease went back to who came back")
	}
}

// TestWhoKeepsTheFleetTells: the lease follows whoever keeps the fleet, as only that one knows why it
// waits, and leaves one that sees no fleet.
func TestWhoKeepsTheFleetTells(t *testing.T) {
	s, all := replicas(t, 2)
	s.until("all runs", "assignments", "web", is(kube.Ready, "True", "Running"))
	s.until("devices too", "devices", "gw-2", is(kube.Ready, "True", "Online"))
	one := s.holder()
	for range 2 {
		all[one].idle.Store(true)
		all[1-one].idle.Store(false)
		s.comes("the lease follows", func() bool { return s.holder() == 1-one })
		one = 1 - one
	}
	all[one].unseeing.Store(true) // and the other becomes the one that keeps the fleet
	all[1-one].idle.Store(false)
	s.comes("one that sees takes over", func() bool { return s.holder() == 1-one })
	if status, reason, _ := conditionOf(s.get("assignments", "web"), kube.Ready); status != "True" {
		t.Errorf("meanwhile assignment web was ready %s: %s", status, reason)
	}

	// None sees the fleet. It is said so, and what is deleted says what it waits for.
	all[1-one].unseeing.Store(true)
	all[one].idle.Store(true)
	all[1-one].idle.Store(true) // the fleet's records, out of reach, name neither
	s.until("unknown", "assignments", "web", is(kube.Ready, "Unknown", "FleetUnreachable"))
	must(t, s.of("assignments").Delete(t.Context(), "web", metav1.DeleteOptions{}))
	s.until("it waits, and says for what", "assignments", "web", func(o *unstructured.Unstructured) bool {
		_, reason, message := conditionOf(o, kube.Accepted)
		return reason == "Leaving" && message == "it is being deleted, and goes once no device runs what it placed; that is unknown while the fleet cannot be seen: no broker answers"
	})
	if status, reason, _ := conditionOf(s.get("devices", "gw-2"), kube.Ready); status != "True" {
		t.Errorf("a device of a fleet that nobody sees is ready %s: %s", status, reason)
	}
	w, errs := read(t, s.cluster).World()
	must(t, errs.Err())
	s.set(func() { s.world = w }) // the devices do without it
	for _, r := range all {
		r.unseeing.Store(false)
		r.idle.Store(false)
	}
	s.comes("it goes", func() bool {
		_, err := s.of("assignments").Get(t.Context(), "web", metav1.GetOptions{})
		return err != nil
	})
}
