package operator

import (
	"context"
	"fmt"
	"time"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
)

// mostAtOnce bounds the changes that are taken in before it looks around.
const mostAtOnce = 4096

// declare plans for the World that was loaded last.
func (l *loop) declare(ctx context.Context) {
	_, end := l.Span(ctx, "plan")
	l.note(l.mirror.Live.Apply(planner.Declared{World: l.world.World}))
	end(nil)
	l.changed, l.ask = true, nil
	l.fails, l.notBefore, l.rested = 0, time.Time{}, time.Time{}
	l.soon()
}

// hear takes in a change and what waits behind it.
func (l *loop) hear(ctx context.Context, feed <-chan executor.Change, first executor.Change) error {
	changes := []executor.Change{first}
	for drained := false; !drained && len(changes) < mostAtOnce; {
		select {
		case c, open := <-feed:
			if !open {
				return errLost
			}
			changes = append(changes, c)
		default:
			drained = true
		}
	}
	now := l.Now()
	for _, c := range changes {
		if _, beat := c.Message.(wire.Heartbeat); !beat {
			l.changed = true
		}
		switch {
		case c.Device.IsZero(): // of a run, the World, or a quarantine
			l.soon()
		case l.pending[c.Device]:
			if rec, _ := l.mirror.Live.Record(c.Device); !rec.Online(now) {
				l.soon() // it is back
			}
		}
	}
	news, problems, err := l.mirror.Hear(ctx, changes...)
	l.tellProblems(problems)
	l.note(news)
	if l.caught != (executor.Marks{}) && l.mirror.Marks.Reach(l.caught) {
		l.soon()
	}
	return err
}

// note takes in whose part of the plan is another.
func (l *loop) note(news []planner.News) {
	for _, n := range news {
		does, did := n.After.Does(), l.pending[n.Device]
		if does {
			l.pending[n.Device] = true
		} else {
			delete(l.pending, n.Device)
		}
		if does || did {
			if l.ask != nil {
				l.ask.fresh = false
			}
			l.soon()
		}
	}
	l.count()
}

func (l *loop) count() {
	s := l.Status()
	s.Pending = len(l.pending)
	l.tell(s)
}

func (l *loop) tellProblems(problems []error) {
	for _, p := range problems {
		l.Log.Warn("a record counts as absent", "problem", fmt.Sprint(p))
	}
}
