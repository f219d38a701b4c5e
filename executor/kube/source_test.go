package kube_test

import (
	"context"
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/executor/kube"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sampleFiles(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/world/all.yaml")
	must(t, err)
	return map[string]string{"all.yaml": string(text)}
}

// TestRoundTrip: what is imported is the World that is read, on a real API server, and what is
// exported is the same World again.
func TestRoundTrip(t *testing.T) {
	c := open(t).cluster
	if _, errs := read(t, c).World(); len(errs) != 1 || !strings.Contains(errs[0].Message, "the namespace declares no World") {
		t.Errorf("an empty namespace: %v", errs)
	}
	files := sampleFiles(t)
	want, errs := worldfile.LoadFiles(files)
	must(t, errs.Err())
	first, err := c.Import(t.Context(), files)
	must(t, err)
	if first.Written == 0 || first.Unchanged != 0 || first.Removed != 0 {
		t.Errorf("the first import: %+v", first)
	}
	have, errs := read(t, c).World()
	must(t, errs.Err())
	if have.Digest() != want.Digest() {
		t.Errorf("the World is %s, and %s was imported", have.Digest().Short(), want.Digest().Short())
	}
	again, err := c.Import(t.Context(), files)
	must(t, err)
	if again.Written != 0 || again.Unchanged != first.Written {
		t.Errorf("the second import wrote something: %+v", again)
	}
	exported := read(t, c).Export()
	out, errs := worldfile.LoadFiles(exported)
	must(t, errs.Err())
	if out.Digest() != want.Digest() {
		t.Error("what is exported is another World")
	}
	more, err := c.Import(t.Context(), exported)
	must(t, err)
	if more.Written != 0 || more.Removed != 0 {
		t.Errorf("the import of an export wrote something: %+v", more)
	}
	if second := read(t, c).Export(); !maps.Equal(second, exported) {
		t.Error("an export after the import of an export is another one")
	}
}

func read(t *testing.T, c *kube.Cluster) kube.Snapshot {
	t.Helper()
	s, err := c.Read(context.Background())
	must(t, err)
	return s
}

func metav1GVR(plural string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: kube.Group, Version: kube.Version, Resource: plural}
}

// TestReadOverCompaction: a revision that the API server forgets while it is read costs a reading and
// no error, and a watch that waits on one goes on.
func TestReadOverCompaction(t *testing.T) {
	b := open(t)
	_, err := b.cluster.Import(t.Context(), sampleFiles(t))
	must(t, err)
	watch := b.cluster.Watch(t.Context())
	news := watch.News()
	quiet(news)
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
			o, err := b.of("fleets").Get(t.Context(), "prod", metav1.GetOptions{})
			if err == nil {
				o.SetAnnotations(map[string]string{"n": strconv.Itoa(n)})
				_, err = b.of("fleets").Update(t.Context(), o, metav1.UpdateOptions{})
			}
			if err != nil {
				t.Error(err)
				return
			}
			server.Compact()
		}
	}()
	for range 12 {
		if _, errs := read(t, b.cluster).World(); errs.Err() != nil {
			t.Error(errs)
		}
	}
	close(stop)
	<-ended
	server.Restart() // whoever watches has missed what is forgotten by now
	server.Compact()
	quiet(news)
	o := b.get("fleets", "prod")
	must(t, setExpression(o, `label("env") = "live"`))
	_, err = b.of("fleets").Update(t.Context(), o, metav1.UpdateOptions{})
	must(t, err)
	within(t, news, "a change after the revision that was watched is forgotten")
}
