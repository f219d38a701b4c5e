package operator

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/operator/rota"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

// Operator keeps a fleet as its World declares.
type Operator struct {
	Fleet executor.Watcher
	// Applier carries approved plans out; its Transport is Fleet. Its By owns the World: replicas
	// share it, and Holder names this one.
	Applier executor.Applier
	// Worlds gives each World as it was loaded, and each failure to load one.
	Worlds <-chan Loaded
	Mode   Mode
	// Halted, if not nil, says why publishing is halted; empty if it is not.
	Halted func(context.Context) (string, error)
	// Record, if not nil, puts on record what is about to be done. What is not on record is not done.
	Record func(ctx context.Context, action, subject string, detail map[string]string) error
	// Approved, if not nil, are those who gave their word for a plan: policies see them, and in mode
	// WaitForApproval there must be one.
	Approved func(context.Context, planfile.File) ([]string, error)
	// Rota, if not nil, shares the work with other replicas; else this one does all of it.
	Rota *rota.Rota
	// Publish, if not nil, keeps what is told of the operator and of the fleet for who asks, by key.
	Publish func(ctx context.Context, key string, value []byte) error
	// WatchRun, if not nil, is told of each step of a run, within its span. It must not block.
	WatchRun func(context.Context, rollout.Script, rollout.Moment)
	// Tell, if not nil, is told each status that is another than before. It must not block.
	Tell func(Status)
	Log  *slog.Logger
	// Span, if not nil, is told when a piece of work begins, and by what it returns when that ends.
	Span Span
	Now  func() time.Time
	// Settle is how long it waits for more news before it plans; 0 is DefaultSettle.
	Settle time.Duration
	// Again is after how long a plan that was denied is judged anew; 0 is DefaultAgain.
	Again time.Duration
	// Turn is for how long a run is carried out while another one waits; 0 is DefaultTurn.
	Turn time.Duration
	// SummaryEvery is how often summaries are published at most; 0 is 5 s.
	SummaryEvery time.Duration

	status atomic.Pointer[Status]
	turned atomic.Int64   // when the loop last turned, in nanoseconds
	world  *Loaded        // the last that loaded
	digest algebra.Digest // of its World
}

// Defaults of an Operator.
const (
	DefaultSettle = 200 * time.Millisecond
	DefaultAgain  = time.Minute
	DefaultTurn   = time.Minute
)

// Span begins a piece of work of that name; the context is for what is part of it.
type Span func(ctx context.Context, name string, about ...slog.Attr) (context.Context, func(error))

// Loaded is a World as its source has it, or why it cannot be had.
type Loaded struct {
	World algebra.World
	// Judge has the World's gates judge a plan.
	Judge func(policies.Proposal) (policies.Approved, policies.Report)
	// Waves has them judge a batch of one again.
	Waves executor.WaveJudge
	// Request says on whose behalf, and from which commit.
	Request planfile.Request
	// Err is why it does not load; then nothing else is set.
	Err error
}

// Mode is what an Operator does with a plan that no gate denies.
type Mode uint8

// The modes.
const (
	Apply           Mode = iota
	WaitForApproval      // until somebody approves of that plan
	DryRun               // it is shown, and nothing is ever written
)

// Run works until ctx ends. It outlives the loss of its connection to the fleet. The error is
// that of an Operator that lacks what it needs.
func (o *Operator) Run(ctx context.Context) error {
	if o.Fleet == nil || o.Worlds == nil || o.Now == nil {
		return errors.New("operator: a fleet, Worlds and a clock are required")
	}
	o.Applier.Transport, o.Applier.Now = o.Fleet, o.Now
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Span == nil {
		o.Span = func(ctx context.Context, _ string, _ ...slog.Attr) (context.Context, func(error)) {
			return ctx, func(error) {}
		}
	}
	if o.Settle == 0 {
		o.Settle = DefaultSettle
	}
	if o.Again == 0 {
		o.Again = DefaultAgain
	}
	if o.Turn == 0 {
		o.Turn = DefaultTurn
	}
	o.turned.Store(o.Now().UnixNano())
	o.status.Store(&Status{Standing: Standing{State: Starting, Since: o.Now()}})
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		if o.world == nil && !o.firstWorld(ctx) {
			return nil
		}
		began := time.Now()
		err := o.watch(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(began) > time.Minute {
			wait = time.Second
		}
		o.stand(Standing{State: Unreachable, Why: err.Error()})
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

// Still is for how long the loop has not turned. While there is no World or no fleet it has nothing
// to turn for.
func (o *Operator) Still() time.Duration {
	if s := o.Status().Standing.State; s == Starting || s == NoWorld || s == Unreachable {
		return 0
	}
	return o.Now().Sub(time.Unix(0, o.turned.Load()))
}

// firstWorld waits for a World that loads.
func (o *Operator) firstWorld(ctx context.Context) bool {
	for o.world == nil {
		select {
		case w, open := <-o.Worlds:
			if !open {
				return false
			}
			if o.load(w); w.Err != nil {
				o.stand(Standing{State: NoWorld, Why: w.Err.Error()})
			}
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// load notes a World and reports whether it is one.
func (o *Operator) load(w Loaded) bool {
	s := o.Status()
	s.LoadedAt = o.Now()
	if w.Err != nil {
		s.Broken = w.Err.Error()
		o.Log.Error("the World does not load; the last good one stays in force", "error", w.Err)
	} else {
		o.world, o.digest = &w, w.World.Digest()
		s.Broken, s.World, s.Commit = "", o.digest, w.Request.VCS.SHA
		o.Log.Info("loaded the World", said("world", s.World.Short(), "commit", s.Commit)...)
	}
	o.tell(s)
	return w.Err == nil
}
