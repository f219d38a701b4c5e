package kube

import (
	"cmp"
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
	// Me names this one of the loops on the namespace, of which one tells; empty if there are no others.
	Me string
	// Lasts is after how long another takes over from one that is not heard of; 0 is DefaultLasts.
	Lasts time.Duration
	// Idle, if not nil, reports that another replica keeps the fleet. That one is to tell, as it knows
	// why it waits.
	Idle func() bool
	// Lost, if not nil, says why the fleet cannot be seen now; empty if it can.
	Lost func() string
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

// Defaults of a Loop.
const (
	DefaultEvery = 3 * time.Second
	DefaultLasts = 15 * time.Second
)

// devicesAtOnce bounds for how many devices a look writes, which is two requests each at most: a fleet
// that is shown for the first time, or that comes back all at once, keeps no document waiting for more
// than some three seconds.
func (c *Cluster) devicesAtOnce() int { return int(cmp.Or(c.rate, 1000) * 3 / 2) }

// atMost is how often a loop writes for changes of documents that come in a row.
const atMost = 500 * time.Millisecond

// Run projects until ctx ends.
func (l Loop) Run(ctx context.Context) {
	events := l.Cluster.recorder()
	defer events.end()
	l.Lasts = max(cmp.Or(l.Lasts, DefaultLasts), 2*time.Second) // a lease is of whole seconds
	tick := time.NewTicker(cmp.Or(l.Every, DefaultEvery))
	defer tick.Stop()
	looks, news := &looks{events: events, census: make(chan map[string]standIn)}, l.Watch.News()
	looks.turn = l.Cluster.turns(l.Me, l.Lasts, func() bool { return l.able(looks) })
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { looks.turn.run(ctx) })
	if l.Nodes { // beside the documents, which many Nodes are not to keep waiting
		beside.Go(func() { l.Cluster.nodes.follow(ctx, looks.census, l.Tell) })
	}
	for {
		more, err := l.once(ctx, looks)
		if err != nil && ctx.Err() == nil {
			l.Tell(err)
		}
		if more && ctx.Err() == nil {
			continue
		}
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
	}
}

// looks are what one look leaves to the next.
type looks struct {
	turn    *turn
	sight   sight
	last    lastWorld
	events  *recorder
	census  chan map[string]standIn
	counted time.Time // when the last census was handed over
}

// able reports whether this loop may be the one that tells.
func (l Loop) able(looks *looks) bool {
	why, so := looks.sight.lost(time.Now())
	if why != "" { // then who keeps the fleet is not known
		return !yields(so, l.Lasts)
	}
	return l.Idle == nil || !l.Idle()
}

// see is the fleet as it is now, or why it cannot be seen. Who has no say does not look at it.
func (l Loop) see(ctx context.Context, idle bool) (r algebra.Reality, lost string) {
	if l.Lost != nil {
		lost = l.Lost()
	}
	if lost == "" && !idle {
		var err error
		if r, err = l.Reality(ctx); err == nil {
			return r, ""
		}
		lost = err.Error()
	}
	return algebra.Reality{ObservedAt: time.Now().UTC()}, lost
}

// once looks at the fleet and the documents, and tells what is not told yet; of many devices some, and
// that there are more.
func (l Loop) once(ctx context.Context, looks *looks) (more bool, err error) {
	objects, ok := l.Watch.Objects()
	if !ok { // the first list is under way
		return false, nil
	}
	idle := l.Idle != nil && l.Idle()
	reality, lost := l.see(ctx, idle)
	if looks.sight.note(lost, time.Now()) {
		return false, fmt.Errorf("kube: the fleet cannot be seen: %s", lost)
	}
	why, so := looks.sight.lost(time.Now())
	if !looks.turn.mine() || why == "" && idle || why != "" && so < 2*l.Lasts {
		return false, nil // somebody else tells, or may, or the fleet is back soon
	}
	s := Snapshot{Objects: objects}
	view := looks.last.view(s, l.Foresee)
	view.Reality, view.Lost = reality, why
	if l.Waits != nil {
		view.Waits = l.Waits()
	}
	changes := Project(s, view)
	all := len(changes)
	now := bounded(changes, l.Cluster.devicesAtOnce())
	written, err := l.Cluster.Write(ctx, now)
	for _, c := range written {
		looks.events.of(c)
	}
	if l.Nodes && why == "" && time.Since(looks.counted) >= leaseEvery {
		select {
		case looks.census <- l.Cluster.nodes.standIns(reality):
			looks.counted = time.Now()
		default: // the last one is still being shown
		}
	}
	return len(now) < all && len(written) > 0 && err == nil, err
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
