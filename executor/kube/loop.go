package kube

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
)

// Loop keeps the objects of a namespace saying how things stand, and tells by events what became
// otherwise. It places nothing.
type Loop struct {
	Cluster *Cluster
	Watch   *Watch
	Reality func(context.Context) (algebra.Reality, error)
	// Waits, if not nil, says why what is pending does not come to pass.
	Waits func() Waits
	// Idle, if not nil, reports that another replica tells.
	Idle func() bool
	// Foresee is what a World that loads is warned of; nil warns of nothing.
	Foresee func(algebra.World) diag.List
	// Nodes has devices shown as Nodes too.
	Nodes bool
	// Every is how often it looks at the fleet, and no more than that does an object's status change
	// from it; 0 is DefaultEvery.
	Every time.Duration
	// Tell is told what went wrong; the loop goes on.
	Tell func(error)
}

// DefaultEvery is how often a loop looks at the fleet.
const DefaultEvery = 3 * time.Second

// devicesAtOnce bounds for how many devices a look writes, which is some hundred writes a second: a fleet
// that is shown for the first time, or that comes back all at once, keeps no document waiting.
const devicesAtOnce = 150

// atMost is how often a loop writes for changes of documents that come in a row.
const atMost = 500 * time.Millisecond

// Run projects until ctx ends.
func (l Loop) Run(ctx context.Context) {
	events := l.Cluster.recorder()
	defer events.end()
	every := l.Every
	if every == 0 {
		every = DefaultEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	looks, news := &looks{events: events, census: make(chan map[string]standIn)}, l.Watch.News()
	if l.Nodes { // beside the documents, which many Nodes are not to keep waiting
		var ended sync.WaitGroup
		ended.Go(func() { l.Cluster.nodes.follow(ctx, looks.census, l.Tell) })
		defer ended.Wait()
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-news:
			select { // more may come with it
			case <-ctx.Done():
				return
			case <-time.After(atMost):
			}
		case <-tick.C:
		}
		if err := l.once(ctx, looks); err != nil && ctx.Err() == nil {
			l.Tell(err)
		}
	}
}

// looks are what one look leaves to the next.
type looks struct {
	last    lastWorld
	events  *recorder
	census  chan map[string]standIn
	counted time.Time // when the last census was handed over
}

func (l Loop) once(ctx context.Context, looks *looks) error {
	objects, ok := l.Watch.Objects()
	if !ok || l.Idle != nil && l.Idle() { // not ok: the first list is under way
		return nil
	}
	reality, err := l.Reality(ctx)
	if err != nil {
		return fmt.Errorf("kube: the fleet cannot be seen: %w", err)
	}
	s := Snapshot{Objects: objects}
	view := looks.last.view(s, l.Foresee)
	view.Reality = reality
	if l.Waits != nil {
		view.Waits = l.Waits()
	}
	changes := bounded(Project(s, view), devicesAtOnce)
	written, err := l.Cluster.Write(ctx, changes)
	for _, c := range written {
		looks.events.of(c)
	}
	if l.Nodes && time.Since(looks.counted) >= leaseEvery {
		select {
		case looks.census <- l.Cluster.nodes.standIns(reality):
			looks.counted = time.Now()
		default: // the last one is still being shown
		}
	}
	return err
}

// lastWorld saves reading a World again whose documents are the same.
type lastWorld struct {
	of    map[string]string // the documents, and which version of each
	known View
}

func (l *lastWorld) view(s Snapshot, foresee func(algebra.World) diag.List) View {
	of := map[string]string{}
	for i := range s.Objects {
		if o := &s.Objects[i]; declares(o) {
			of[ref(o)] = fmt.Sprint(o.GetUID(), "/", o.GetGeneration())
		}
	}
	if l.of != nil && maps.Equal(of, l.of) {
		return l.known
	}
	w, problems := s.World()
	l.of, l.known = of, View{World: w, Problems: problems}
	if len(problems) == 0 && foresee != nil {
		l.known.Warnings = foresee(w)
	}
	return l.known
}
