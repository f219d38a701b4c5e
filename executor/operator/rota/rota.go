package rota

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// Store keeps the duties. executor/nats is the real one, executor/inprocess its twin.
type Store interface {
	// WatchDuties delivers each duty as it is, and then each change, until ctx ends.
	WatchDuties(ctx context.Context) (<-chan Kept, error)
	// PutDuty writes a duty on the revision it was read at, 0 if there was none; else the error
	// wraps executor.ErrMoved.
	PutDuty(ctx context.Context, d wire.Duty, revision uint64) (uint64, error)
}

// Kept is a duty and the revision of its record.
type Kept = executor.Kept[wire.Duty]

// Held is what a replica is to do.
type Held struct {
	Lead   bool
	Shards [Shards]bool
}

// Rota is the part of one replica in it.
type Rota struct {
	Store Store
	// Me names this replica, unlike any other.
	Me string
	// Lasts is after how long without a beat a replica loses what it holds; 0 is executor.DefaultLasts.
	Lasts time.Duration
	Now   func() time.Time
	Log   *slog.Logger
}

// Run tells what this replica is to do, first of all nothing, and each time that this changes.
// When ctx ends it gives up what it holds, and the channel is closed.
func (r Rota) Run(ctx context.Context) <-chan Held {
	r.Lasts = cmp.Or(r.Lasts, executor.DefaultLasts)
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	out := make(chan Held, 1)
	go func() {
		defer close(out)
		t := &table{me: r.Me, lasts: r.Lasts, all: map[string]Entry{}}
		have := Held{}
		tell := func(now Held) {
			if now == have {
				return
			}
			have = now
			select {
			case <-out: // what was not heard yet is old by now
			default:
			}
			out <- now
		}
		for ctx.Err() == nil {
			err := r.follow(ctx, t, tell)
			if ctx.Err() == nil {
				r.Log.Warn("the duties are not known; nothing is done until they are", "error", err)
				tell(Held{})
				select {
				case <-time.After(r.Lasts / 4):
				case <-ctx.Done():
				}
			}
		}
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = r.write(bye, t, t.leave()) // who is not heard of is gone too, only later
	}()
	return out
}

var errEnded = errors.New("the watch of duties ended")

func (r Rota) follow(ctx context.Context, t *table, tell func(Held)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	feed, err := r.Store.WatchDuties(ctx)
	if err != nil {
		return err
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case k, open := <-feed:
			if !open {
				return errEnded
			}
			r.see(t, k)
			for drained := false; !drained; {
				select {
				case k, open := <-feed:
					if !open {
						return errEnded
					}
					r.see(t, k)
				default:
					drained = true
				}
			}
		case <-timer.C:
			timer.Reset(r.Lasts / 12)
			if err := r.write(ctx, t, t.step(r.Now())); err != nil {
				r.Log.Debug("a duty could not be written", "error", err)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		tell(t.held(r.Now()))
	}
}

// see takes a record in. One that was there before counts from when it was written, by the clock
// of the store, so that who comes after a crash need not wait for long. A wrong clock may have two
// lead for a moment, which is safe.
func (r Rota) see(t *table, k Kept) {
	at := r.Now()
	if _, known := t.all[k.Value.Name]; !known && k.At.Before(at) {
		at = k.At
	}
	t.see(Entry{k.Value, k.Revision, at})
}

// write writes duties. One that has moved was taken by somebody else, whose news are on their way.
func (r Rota) write(ctx context.Context, t *table, entries []Entry) error {
	ctx, cancel := context.WithTimeout(ctx, r.Lasts/3)
	defer cancel()
	for _, e := range entries {
		began := r.Now() // it counts from then: it may take long
		revision, err := r.Store.PutDuty(ctx, e.Duty, e.Revision)
		switch {
		case errors.Is(err, executor.ErrMoved):
		case err != nil:
			return err
		default:
			t.see(Entry{e.Duty, revision, began})
		}
	}
	return nil
}
