package kube_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/musterfleet/muster/executor/kube"
	"github.com/musterfleet/muster/proofs/bench"
)

// many is how many devices the projection is measured on.
const many = 10_000

// TestBenchProjection measures what a fleet of many devices costs an API server, which runs with its
// etcd in this process: showing them for the first time, looking when nothing changed, and telling
// what changed on one of them.
func TestBenchProjection(t *testing.T) {
	bench.Start(t)
	b := open(t)
	_, err := b.cluster.Import(t.Context(), sampleFiles(t))
	must(t, err)
	w, errs := read(t, b.cluster).World()
	must(t, errs.Err())
	devices := map[string]map[string]string{}
	for i := range many {
		devices[fmt.Sprintf("gw-%05d", i)] = map[string]string{"env": "prod", "site": fmt.Sprintf("site-%d", i%100)}
	}
	reality := seen(t, w, devices)
	view := func(s kube.Snapshot) kube.View { return kube.View{World: w, Reality: reality} }

	began := time.Now()
	writes := b.settle(view)
	first := time.Since(began)
	var s kube.Snapshot
	reading := bench.Least(3, func() { s = read(t, b.cluster) })
	looking := bench.Least(3, func() {
		if n := len(kube.Project(s, view(s))); n != 0 {
			t.Fatalf("%d changes where nothing changed", n)
		}
	})
	reality = seen(t, w, devices, "gw-00042")
	began = time.Now()
	changes := kube.Project(s, view(s))
	_, err = b.cluster.Write(t.Context(), changes)
	must(t, err)
	telling := time.Since(began)

	watching, stop := context.WithCancel(t.Context())
	defer stop()
	began = time.Now()
	watch := b.cluster.Watch(watching)
	for {
		if objects, ok := watch.Objects(); ok && len(objects) > many {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	following := time.Since(began)
	bench.Record(t, bench.Section{
		Title: fmt.Sprintf("%d devices in Kubernetes", many),
		Text:  "`executor/kube` beside an API server and its etcd, all on the same CPUs. It asks 1000 times a second at most; by default it is a fifth of that, and the first showing then takes as many seconds as there are writes / 200.",
		Rows: [][]string{{"work", "took", "writes"},
			{"every device shown for the first time, with its status", bench.Short(first), fmt.Sprint(writes)},
			{"all documents and devices read, at one revision", bench.Short(reading), "0"},
			{"informers filled", bench.Short(following), "0"},
			{"a look when nothing changed", bench.Short(looking), "0"},
			{"one device failed: found and told", bench.Short(telling), fmt.Sprint(len(changes))}},
	})
}
