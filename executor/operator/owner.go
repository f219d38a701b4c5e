package operator

import (
	"context"
	"errors"
	"fmt"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// owns makes sure that this operator keeps the World in force, and says who does if it is not this one.
func (l *loop) owns(ctx context.Context) bool {
	have, me, world := l.mirror.World, l.Applier.By, l.digest
	switch w := have.Value; {
	case w.Owner == me && w.Held:
		l.kept = world
		return true
	case have.Revision == 0:
	case w.Held && w.Owner != me:
		l.stand(Standing{State: Overtaken, Why: fmt.Sprintf("the World is owned by %s since %s", w.Owner, w.At.Format(timeShown))})
		return false
	case w.TakenFrom == me && (w.Was == world || l.kept == world):
		l.stand(Standing{State: Overtaken, Why: fmt.Sprintf("%s put another World in force at %s; this one is kept again once it is changed", w.Owner, w.At.Format(timeShown))})
		if w.Was != world { // this World was denied or on its way then; who starts next is to know it
			w.Was = world
			l.putWorld(ctx, w)
		}
		return false
	}
	next := wire.WorldRecord{World: have.Value.World, Owner: me, Held: true, At: have.Value.At}
	if have.Revision == 0 {
		next.World, next.At = world, l.Now().UTC()
	}
	return l.putWorld(ctx, next)
}

const timeShown = "2006-01-02 15:04:05 MST"

// putWorld writes which World is in force. Who is overtaken hears so from the feed.
func (l *loop) putWorld(ctx context.Context, next wire.WorldRecord) bool {
	results, err := l.Fleet.Write(ctx, []executor.Write{executor.SetWorld{Record: next, Revision: l.mirror.World.Revision}})
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		if !errors.Is(err, executor.ErrMoved) {
			l.Log.Warn("cannot write the World in force", "error", err)
		}
		l.by(l.Now().Add(l.lasts() / 3))
		return false
	}
	l.mirror.World = executor.Kept[wire.WorldRecord]{Value: next, Revision: results[0].Revision, At: next.At}
	return true
}

// letGo has somebody else keep the World, where this operator did.
func (l *loop) letGo() {
	if l.mirror == nil || !l.held.Lead || l.mirror.World.Value.Owner != l.Applier.By || !l.mirror.World.Value.Held {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	next := l.mirror.World.Value
	next.Held = false
	l.putWorld(ctx, next)
}
