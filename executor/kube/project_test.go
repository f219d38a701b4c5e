package kube_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/kube"
	"github.com/musterfleet/muster/executor/kube/kubetest"
)

var observed = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// seen is a Reality in which these devices run all that the World asks of them, but for those named
// in broken, where it failed.
func seen(t *testing.T, w algebra.World, labels map[string]map[string]string, broken ...string) algebra.Reality {
	t.Helper()
	var devices []algebra.Device
	for id, l := range labels {
		devices = append(devices, algebra.Device{ID: algebra.MustDeviceID(id), Labels: l})
	}
	slices.SortFunc(devices, func(a, b algebra.Device) int { return a.ID.Compare(b.ID) })
	roster, err := algebra.NewRoster(devices)
	must(t, err)
	r := algebra.NewReality(roster, observed)
	placing := algebra.NewPlacing(roster)
	for claim, fleet := range w.On(r).Assignment().Resolve().Claims().All() {
		d := claim.Deployment
		for i := range fleet.Ordinals() {
			rel := algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: algebra.Values{}.Digest()}
			placing.Put(i, d.App(), rel)
			state := algebra.SlotState{Release: rel, Phase: algebra.Running, Since: observed}
			if slices.Contains(broken, roster.ID(i).String()) {
				state.Phase, state.Detail = algebra.Failed, "exit code 1"
			}
			r.Slots[algebra.Slot{Device: roster.ID(i), App: d.App()}] = state
		}
	}
	r.Published = placing.Placement()
	for _, d := range devices {
		r.Records[d.ID] = algebra.Record{Registry: 1, Desired: 1, Lifecycle: algebra.Enrolled, Heard: observed}
	}
	return r
}

// server is that of all tests here.
var server *kubetest.Server

func TestMain(m *testing.M) { os.Exit(kubetest.Main(m, kube.CRDs(), &server)) }

// place is a namespace of its own.
type place struct {
	*testing.T
	namespace string
	cluster   *kube.Cluster
	client    dynamic.Interface
}

func open(t *testing.T) place {
	t.Helper()
	b := place{T: t, namespace: strings.ToLower(t.Name())}
	var err error
	b.client, err = dynamic.NewForConfig(server.Config)
	must(t, err)
	b.cluster, err = kube.Open(server.Config, b.namespace)
	must(t, err)
	return b
}

func (b place) of(plural string) dynamic.ResourceInterface {
	return b.client.Resource(metav1GVR(plural)).Namespace(b.namespace)
}

func (b place) get(plural, name string) *unstructured.Unstructured {
	b.Helper()
	o, err := b.of(plural).Get(b.Context(), name, metav1.GetOptions{})
	must(b.T, err)
	return o
}

// settle projects until nothing is left to write, and counts the writes.
func (b place) settle(view func(kube.Snapshot) kube.View) int {
	b.Helper()
	total := 0
	for range 5 {
		s := read(b.T, b.cluster)
		n, err := b.cluster.Write(b.Context(), kube.Project(s, view(s)))
		must(b.T, err)
		if len(n) == 0 {
			return total
		}
		total += len(n)
	}
	b.Fatal("the projection does not come to rest")
	return total
}

func field(o *unstructured.Unstructured, path ...string) any {
	v, _, _ := unstructured.NestedFieldNoCopy(o.Object, path...)
	return v
}

func conditionOf(o *unstructured.Unstructured, kind string) (status, reason, message string) {
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range list {
		if m := c.(map[string]any); m["type"] == kind {
			return m["status"].(string), m["reason"].(string), m["message"].(string)
		}
	}
	return "", "", ""
}

var fleetOfThree = map[string]map[string]string{
	"gw-1.site.example": {"env": "prod", "site": "berlin", "zone": "lab"},
	"gw-2":              {"env": "prod", "site": "lyon"},
	"gw-3":              {"env": "test", "odd key!": "no label of Kubernetes"},
}

// TestProjection tells of a fleet on a real API server: counts, conditions, mirrors of devices, and
// no write where nothing changed.
func TestProjection(t *testing.T) {
	b := open(t)
	_, err := b.cluster.Import(t.Context(), sampleFiles(t))
	must(t, err)
	broken := []string{"gw-2"}
	devices := maps.Clone(fleetOfThree)
	view := func(s kube.Snapshot) kube.View {
		w, problems := s.World()
		return kube.View{World: w, Problems: problems, Reality: seen(t, w, devices, broken...)}
	}
	if n := b.settle(view); n == 0 {
		t.Error("nothing was written")
	}
	web := b.get("assignments", "web")
	for name, want := range map[string]int64{"matched": 2, "running": 1, "failed": 1, "pending": 0, "conflicted": 0} {
		if got := field(web, "status", name); got != want {
			t.Errorf("assignment web: %s is %v, want %d", name, got, want)
		}
	}
	if status, reason, message := conditionOf(web, kube.Ready); status != "False" || reason != "Failed" || message != "1 of 2 devices run it; gw-2/web: exit code 1" {
		t.Errorf("assignment web is ready %s: %s, %s", status, reason, message)
	}
	if got := field(b.get("deployments", "log-1"), "status", "running"); got != int64(2) {
		t.Errorf("deployment log-1 runs on %v devices, want 2", got)
	}
	if got := field(b.get("fleets", "prod"), "status", "names"); got != "gw-1.site.example,gw-2" {
		t.Errorf("fleet prod is %v", got)
	}
	mirror := b.get("devices", "gw-3")
	if mirror.GetLabels()["env"] != "test" || mirror.GetLabels()["odd key!"] != "" || field(mirror, "status", "labels", "odd key!") == nil {
		t.Errorf("the mirror of gw-3 has labels %v and status %v", mirror.GetLabels(), mirror.Object["status"])
	}
	if status, reason, _ := conditionOf(b.get("devices", "gw-2"), kube.Ready); status != "False" || reason != "Failed" {
		t.Errorf("device gw-2 is ready %s: %s", status, reason)
	}
	if n := b.settle(view); n != 0 {
		t.Errorf("%d writes where nothing changed", n)
	}

	broken = nil
	delete(devices, "gw-3")
	b.settle(view)
	if status, reason, _ := conditionOf(b.get("assignments", "web"), kube.Ready); status != "True" || reason != "Running" {
		t.Errorf("assignment web is ready %s: %s", status, reason)
	}
	if list, err := b.of("devices").List(t.Context(), metav1.ListOptions{}); err != nil || len(list.Items) != 2 {
		t.Errorf("%d Device objects, want 2 (%v)", len(list.Items), err)
	}
}

// TestBrokenDocument: a document that does not load says why, the others that they wait, and the
// counts stay as they were.
func TestBrokenDocument(t *testing.T) {
	b := open(t)
	_, err := b.cluster.Import(t.Context(), sampleFiles(t))
	must(t, err)
	good, errs := read(t, b.cluster).World()
	must(t, errs.Err())
	view := func(s kube.Snapshot) kube.View {
		w, problems := s.World()
		return kube.View{World: w, Problems: problems, Reality: seen(t, good, fleetOfThree)}
	}
	b.settle(view)
	o := b.get("fleets", "prod")
	must(t, unstructured.SetNestedField(o.Object, `label("env") = `, "spec", "expression"))
	_, err = b.of("fleets").Update(t.Context(), o, metav1.UpdateOptions{})
	must(t, err)
	_, problems := read(t, b.cluster).World()
	if len(problems) == 0 || problems[0].Place() != "Fleet/prod" {
		t.Errorf("problems: %v", problems)
	}
	b.settle(view)
	if status, reason, message := conditionOf(b.get("fleets", "prod"), kube.Accepted); status != "False" || reason != "Invalid" || !strings.Contains(message, "expression: ") {
		t.Errorf("fleet prod is accepted %s: %s, %s", status, reason, message)
	}
	web := b.get("assignments", "web")
	if status, reason, message := conditionOf(web, kube.Accepted); status != "Unknown" || reason != "WorldInvalid" || !strings.Contains(message, "Fleet/prod") {
		t.Errorf("assignment web is accepted %s: %s, %s", status, reason, message)
	}
	if got := field(web, "status", "running"); got != int64(2) {
		t.Errorf("assignment web runs on %v devices, want 2 as before", got)
	}
}

// TestDeletionWaits: what is deleted stays until no device runs what it placed.
func TestDeletionWaits(t *testing.T) {
	b := open(t)
	_, err := b.cluster.Import(t.Context(), sampleFiles(t))
	must(t, err)
	first, errs := read(t, b.cluster).World()
	must(t, errs.Err())
	runs := first // what the devices run
	view := func(s kube.Snapshot) kube.View {
		w, problems := s.World()
		return kube.View{World: w, Problems: problems, Reality: seen(t, runs, fleetOfThree)}
	}
	b.settle(view)
	must(t, b.of("assignments").Delete(t.Context(), "web", metav1.DeleteOptions{}))
	b.settle(view)
	if o := b.get("assignments", "web"); o.GetDeletionTimestamp() == nil || len(o.GetFinalizers()) != 1 {
		t.Fatal("the assignment did not wait for its workloads")
	}
	w, errs := read(t, b.cluster).World()
	must(t, errs.Err())
	if len(w.Assignments) != len(first.Assignments)-1 {
		t.Error("what is being deleted is declared still")
	}
	runs = w // the devices follow
	b.settle(view)
	if _, err := b.of("assignments").Get(t.Context(), "web", metav1.GetOptions{}); err == nil {
		t.Error("the assignment stays though nothing runs")
	}
}

func setExpression(o *unstructured.Unstructured, text string) error {
	return unstructured.SetNestedField(o.Object, text, "spec", "expression")
}

// within waits for news.
func within(t *testing.T, news <-chan struct{}, of string) {
	t.Helper()
	select {
	case <-news:
	case <-time.After(30 * time.Second):
		t.Fatalf("no news of %s", of)
	}
}

// quiet takes news until there was none for a while.
func quiet(news <-chan struct{}) {
	for {
		select {
		case <-news:
		case <-time.After(300 * time.Millisecond):
			return
		}
	}
}
