package kube_test

import (
	"fmt"
	"math/rand"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/leanovate/gopter/prop"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/executor/kube"
)

// play is one fleet's document, which somebody edits while two writers tell what they think of it,
// each of what it read some time before.
type play struct {
	place
	t       *testing.T
	loads   map[int64]bool // by generation: whether the document is one
	text    string         // what was written last
	told    int64          // the generation that the status is of
	pending [2][]kube.Change
	stale   int // how often a verdict came too late
	late    func([]kube.Change) []kube.Change
}

func (p *play) edit(r *rand.Rand) error {
	p.text = fmt.Sprintf(`label("env") = "%d"`, r.Int())
	if r.Intn(2) == 0 {
		p.text = fmt.Sprintf(`label("env") = "%d" &`, r.Int())
	}
	patch := fmt.Appendf(nil, `{"spec":{"expression":%q}}`, p.text)
	o, err := p.of("fleets").Patch(p.t.Context(), "prod", types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "somebody"})
	if err != nil {
		return err
	}
	p.loads[o.GetGeneration()] = !strings.HasSuffix(p.text, "&")
	return nil
}

func (p *play) read(i int) error {
	s, err := p.cluster.Read(p.t.Context())
	if err != nil {
		return err
	}
	w, problems := s.World()
	p.pending[i] = kube.Project(s, kube.View{World: w, Problems: problems, Reality: seen(p.t, algebra.World{}, nil)})
	return nil
}

func (p *play) write(i int) error {
	written, err := p.cluster.Write(p.t.Context(), p.late(p.pending[i]))
	p.stale += len(p.pending[i]) - len(written)
	p.pending[i] = nil
	return err
}

// wrong is what of the document contradicts what was done.
func (p *play) wrong() error {
	o := p.get("fleets", "prod")
	if have := field(o, "spec", "expression"); have != p.text {
		return fmt.Errorf("somebody wrote %q, and it is %q", p.text, have)
	}
	of := int64(0)
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range list {
		of, _ = c.(map[string]any)["observedGeneration"].(int64)
	}
	if of < p.told {
		return fmt.Errorf("the status was of generation %d, and now it is of %d", p.told, of)
	}
	p.told = of
	if status, _, _ := conditionOf(o, kube.Accepted); of > 0 && (status == "True") != p.loads[of] {
		return fmt.Errorf("generation %d is said to be accepted: %s", of, status)
	}
	return nil
}

func newPlay(b place, late func([]kube.Change) []kube.Change) (*play, error) {
	p := &play{place: b, t: b.T, late: late, loads: map[int64]bool{1: true}, text: "all"}
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "muster.fleet/v1alpha1", "kind": "Fleet",
		"metadata": map[string]any{"name": "prod"}, "spec": map[string]any{"expression": "all"}}}
	_, err := p.of("fleets").Create(p.t.Context(), o, metav1.CreateOptions{FieldManager: "somebody"})
	return p, err
}

// verdicts is the law: however edits, looks and writings of two come to lie, no edit is lost, and a
// status is never of an older generation than before.
func verdicts(t *testing.T, stale *int, late func([]kube.Change) []kube.Change) func(int64) (bool, error) {
	places := newPlaces(t)
	return func(seed int64) (bool, error) {
		r := rand.New(rand.NewSource(seed))
		p, err := newPlay(places.next(), late)
		for step := 0; err == nil && step < 25; step++ {
			switch r.Intn(5) {
			case 0:
				err = p.edit(r)
			case 1, 2:
				err = p.read(r.Intn(2))
			default:
				err = p.write(r.Intn(2))
			}
			if err == nil {
				err = p.wrong()
			}
		}
		*stale += p.stale
		return holds(err)
	}
}

func TestVerdictsNeverGoBack(t *testing.T) {
	stale := 0
	algebratest.Law(t, 6)(prop.ForAll(verdicts(t, &stale, func(c []kube.Change) []kube.Change { return c }), seeds()))
	if stale < 6 {
		t.Errorf("only %d verdicts came too late: the law says little", stale)
	}
}

func TestVerdictLawSeesAWriterThatLooksAtNoRevision(t *testing.T) {
	stale := 0
	algebratest.Planted(t, 20)("a status is written whatever the object has become", prop.ForAll(verdicts(t, &stale, func(changes []kube.Change) (out []kube.Change) {
		for _, ch := range changes {
			if s, ok := ch.(kube.SetStatus); ok {
				s.Of = s.Of.DeepCopy()
				s.Of.SetResourceVersion("")
				ch = s
			}
			out = append(out, ch)
		}
		return out
	}), seeds()))
}

// between does something before a client's nth request of a method.
type between struct {
	next   http.RoundTripper
	mu     sync.Mutex
	method string
	left   int
	do     func()
}

func (b *between) RoundTrip(r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	if r.Method == b.method {
		if b.left--; b.left == 0 {
			b.do()
		}
	}
	b.mu.Unlock()
	return b.next.RoundTrip(r)
}

// interrupted is a cluster whose nth request of a method comes after something else.
func (b place) interrupted(method string, n int, do func()) *kube.Cluster {
	config := rest.CopyConfig(server.Config)
	config.WrapTransport = func(next http.RoundTripper) http.RoundTripper {
		return &between{next: next, method: method, left: n, do: do}
	}
	c, err := kube.Open(config, b.namespace)
	must(b.T, err)
	return c
}

// TestEditsBetweenWrites: who edits an object between two of the requests that tell of it keeps the
// edit, and is not told of it what was thought before.
func TestEditsBetweenWrites(t *testing.T) {
	b := open(t)
	_, err := b.cluster.Import(t.Context(), sampleFiles(t))
	must(t, err)
	view := func(s kube.Snapshot) kube.View {
		w, problems := s.World()
		return kube.View{World: w, Problems: problems, Reality: seen(t, w, fleetOfThree)}
	}
	only := func(changes []kube.Change) (out []kube.Change) { // of assignment web: Hold, SetStatus
		for _, ch := range changes {
			switch ch := ch.(type) {
			case kube.Hold:
				if ch.Of.GetKind() == "Assignment" && ch.Of.GetName() == "web" {
					out = append(out, ch)
				}
			case kube.SetStatus:
				if ch.Of.GetKind() == "Assignment" && ch.Of.GetName() == "web" {
					out = append(out, ch)
				}
			case kube.Mirror, kube.Forget, kube.Unhold:
			}
		}
		return out
	}
	s := read(t, b.cluster)
	changes := only(kube.Project(s, view(s)))
	if len(changes) != 2 {
		t.Fatalf("%d changes, want a finalizer and a status", len(changes))
	}
	edit := func() {
		_, err := b.of("assignments").Patch(t.Context(), "web", types.MergePatchType, []byte(`{"metadata":{"finalizers":["example.org/mine"]},"spec":{"priority":7}}`), metav1.PatchOptions{})
		must(t, err)
	}
	written, err := b.interrupted("PATCH", 2, edit).Write(t.Context(), changes)
	must(t, err)
	o := b.get("assignments", "web")
	if len(written) != 1 || field(o, "spec", "priority") != int64(7) || field(o, "status") != nil {
		t.Errorf("%d written; the object is %v", len(written), o.Object)
	}

	s = read(t, b.cluster)
	changes = only(kube.Project(s, view(s)))
	edit = func() {
		_, err := b.of("assignments").Patch(t.Context(), "web", types.MergePatchType, []byte(`{"metadata":{"finalizers":["example.org/mine","example.org/other"]}}`), metav1.PatchOptions{})
		must(t, err)
	}
	written, err = b.interrupted("PATCH", 1, edit).Write(t.Context(), changes)
	must(t, err)
	if o = b.get("assignments", "web"); len(written) != 0 || len(o.GetFinalizers()) != 2 {
		t.Errorf("%d written; the finalizers are %v", len(written), o.GetFinalizers())
	}
	b.settle(view)
	if o = b.get("assignments", "web"); len(o.GetFinalizers()) != 3 || field(o, "status", "running") == nil {
		t.Errorf("in the end it is %v", o.Object)
	}
}

// TestDevicesOfOthers: a device's object that somebody made a document meanwhile is not forgotten, and
// labels that others gave it are theirs: they stay, and cost nothing.
func TestDevicesOfOthers(t *testing.T) {
	b := open(t)
	_, err := b.cluster.Import(t.Context(), sampleFiles(t))
	must(t, err)
	devices := map[string]map[string]string{"gw-2": {"env": "prod", "rack": "r1"}, "gw-3": {"env": "test"}}
	view := func(s kube.Snapshot) kube.View {
		w, problems := s.World()
		return kube.View{World: w, Problems: problems, Reality: seen(t, w, devices)}
	}
	b.settle(view)
	_, err = b.of("devices").Patch(t.Context(), "gw-2", types.MergePatchType, []byte(`{"metadata":{"labels":{"team":"edge"}}}`), metav1.PatchOptions{FieldManager: "kubectl-label"})
	must(t, err)
	if n := b.settle(view); n != 0 {
		t.Errorf("%d writes for a label that is another's", n)
	}
	devices["gw-2"] = map[string]string{"env": "prod"}
	b.settle(view)
	if labels := b.get("devices", "gw-2").GetLabels(); labels["rack"] != "" || labels["team"] != "edge" {
		t.Errorf("the labels are %v", labels)
	}

	delete(devices, "gw-3")
	s := read(t, b.cluster)
	forget := kube.Project(s, view(s))
	_, err = b.of("devices").Patch(t.Context(), "gw-3", types.MergePatchType, []byte(`{"spec":{"labels":{"env":"prod"}}}`), metav1.PatchOptions{})
	must(t, err)
	_, err = b.cluster.Write(t.Context(), forget)
	must(t, err)
	if field(b.get("devices", "gw-3"), "spec", "labels", "env") != "prod" {
		t.Error("a document is gone that was declared in time")
	}
}
