package kube_test

import (
	"context"
	"maps"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/kube"
	"github.com/musterfleet/muster/internal/diag"
)

// stage is a fleet that runs what the World of the namespace asked for when it was last well.
type stage struct {
	place
	mu      sync.Mutex
	world   algebra.World
	devices map[string]map[string]string
	broken  []string
}

// loop runs until the test ends, on a namespace that has the sample World.
func loop(t *testing.T, change func(*kube.Loop)) *stage {
	t.Helper()
	b := open(t)
	_, err := b.cluster.Import(t.Context(), sampleFiles(t))
	must(t, err)
	w, errs := read(t, b.cluster).World()
	must(t, errs.Err())
	s := &stage{place: b, world: w, devices: fleetOfThree}
	l := kube.Loop{Cluster: b.cluster, Every: 200 * time.Millisecond, Tell: func(err error) { t.Log(err) },
		Reality: func(context.Context) (algebra.Reality, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return seen(t, s.world, s.devices, s.broken...), nil
		}}
	if change != nil {
		change(&l)
	}
	ctx, cancel := context.WithCancel(t.Context())
	l.Watch = b.cluster.Watch(ctx)
	ended := make(chan struct{})
	go func() {
		l.Run(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return s
}

func (s *stage) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// until waits until an object is as it should be.
func (s *stage) until(what, plural, name string, ok func(*unstructured.Unstructured) bool) {
	s.Helper()
	var o *unstructured.Unstructured
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if o, err = s.of(plural).Get(s.Context(), name, metav1.GetOptions{}); err == nil && ok(o) {
			return
		}
	}
	s.Fatalf("%s: not within 30 s: %v %v", what, o, err)
}

func is(condition, status, reason string) func(*unstructured.Unstructured) bool {
	return func(o *unstructured.Unstructured) bool {
		have, why, _ := conditionOf(o, condition)
		return have == status && why == reason
	}
}

// TestLoop: the objects follow the fleet and the documents, over a restart of the API server too,
// and rest when nothing changes.
func TestLoop(t *testing.T) {
	s := loop(t, func(l *kube.Loop) {
		l.Foresee = func(algebra.World) diag.List {
			return diag.List{{Severity: diag.Warning, File: "Fleet/canary", Message: "nobody is in it"}}
		}
	})
	s.until("all runs", "assignments", "web", is(kube.Ready, "True", "Running"))
	s.until("a warning", "fleets", "canary", is(kube.Accepted, "True", "Warning"))
	s.set(func() { s.broken = []string{"gw-2"} })
	s.until("one failed", "assignments", "web", is(kube.Ready, "False", "Failed"))
	s.until("the device says so", "devices", "gw-2", is(kube.Ready, "False", "Failed"))

	o := s.get("fleets", "prod")
	good, _, _ := unstructured.NestedString(o.Object, "spec", "expression")
	must(t, setExpression(o, `label("env") = `))
	_, err := s.of("fleets").Update(t.Context(), o, metav1.UpdateOptions{})
	must(t, err)
	s.until("a broken document", "fleets", "prod", is(kube.Accepted, "False", "Invalid"))

	server.Restart()
	o = s.get("fleets", "prod")
	must(t, setExpression(o, good))
	_, err = s.of("fleets").Update(t.Context(), o, metav1.UpdateOptions{})
	must(t, err)
	s.until("it is mended", "fleets", "prod", is(kube.Accepted, "True", "Loaded"))
	s.set(func() { s.broken = nil })
	s.until("all runs again", "assignments", "web", is(kube.Ready, "True", "Running"))

	s.rests()
}

// rests waits until nothing is written for a second, which is more than atMost, and five looks at the
// fleet. What changed last may come late on a machine that does other things.
func (s *stage) rests() {
	s.Helper()
	before, after := map[string]string{}, s.revisions()
	for range 10 {
		before = after
		time.Sleep(time.Second)
		if after = s.revisions(); maps.Equal(before, after) {
			return
		}
	}
	s.Errorf("objects are written though nothing changes:\n%v\n%v", before, after)
}

// revisions are those of all objects.
func (s *stage) revisions() map[string]string {
	out := map[string]string{}
	for _, o := range read(s.T, s.cluster).Objects {
		out[o.GetKind()+"/"+o.GetName()] = o.GetResourceVersion()
	}
	return out
}

// TestLoopOwnsStatus: what another writes into a status does not stay, and what another has in
// metadata does.
func TestLoopOwnsStatus(t *testing.T) {
	s := loop(t, nil)
	s.until("all runs", "assignments", "web", is(kube.Ready, "True", "Running"))
	o := s.get("assignments", "web")
	o.SetAnnotations(map[string]string{"owner": "somebody"})
	o, err := s.of("assignments").Update(t.Context(), o, metav1.UpdateOptions{FieldManager: "somebody"})
	must(t, err)
	must(t, unstructured.SetNestedField(o.Object, int64(999), "status", "running"))
	_, err = s.of("assignments").UpdateStatus(t.Context(), o, metav1.UpdateOptions{FieldManager: "somebody"})
	must(t, err)
	s.until("the count is right again", "assignments", "web", func(o *unstructured.Unstructured) bool { return field(o, "status", "running") == int64(2) })
	if o := s.get("assignments", "web"); o.GetAnnotations()["owner"] != "somebody" {
		t.Error("another's annotation is gone")
	}
}
