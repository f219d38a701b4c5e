package executor

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/policies"
)

// Applier carries approved plans out. Key signs desired states; Keys are those that devices
// trust, of which Key is one.
type Applier struct {
	Transport Transport
	Key       ed25519.PrivateKey
	Keys      wire.Keyring
	// By is who applies, for the records.
	By  string
	Now func() time.Time
	// Deadline is how long a device may take; 0 is DefaultDeadline.
	Deadline time.Duration
	// Watch, if not nil, is told of each step the run takes. It must not block.
	Watch func(Run)
}

// Outcome is how an apply ended.
type Outcome struct {
	Run Run
	// Left are the devices that were not published to or did not get well, by id.
	Left []Left
}

// Left is one device that is not as the plan wants it, and why.
type Left struct {
	Device algebra.DeviceID
	Why    string
}

// ErrStale says that a plan no longer fits: the World in force is another's, or every device
// it touches has moved. Nothing was published.
var ErrStale = errors.New("the plan is stale")

// Apply publishes the plan and waits until each device it touches is healthy, has failed or
// is out of time, or until ctx ends, which cancels the run and leaves what is published.
// An error means that the run did not take place or could not be followed; a device that
// failed is an Outcome.
func (a Applier) Apply(ctx context.Context, approved policies.Approved) (Outcome, error) {
	if approved.IsZero() {
		return Outcome{}, errors.New("apply: the plan is not approved; policies.Review approves plans")
	}
	p := &applying{Applier: a, approved: approved, targets: targets(approved.Plan())}
	p.index = map[algebra.DeviceID]*target{}
	for _, t := range p.targets {
		p.index[t.device] = t
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	changes, err := a.Transport.Watch(watching) // before Read, so that nothing is missed
	if err != nil {
		return Outcome{}, fmt.Errorf("apply: %w", err)
	}
	if p.records, err = a.Transport.Read(ctx); err != nil {
		return Outcome{}, fmt.Errorf("apply: %w", err)
	}
	for _, t := range p.targets {
		for app, s := range p.records.Devices[t.device].States {
			t.states[app] = s.Value
		}
	}
	return p.loop(ctx, changes)
}

// applying is one Apply under way.
type applying struct {
	Applier
	approved policies.Approved
	records  Records
	targets  []*target
	index    map[algebra.DeviceID]*target
}

// loop feeds Step with what happens and does what it asks for.
func (p *applying) loop(ctx context.Context, changes <-chan Change) (Outcome, error) {
	run, effects := Step(Run{Status: Planned, Deadline: p.Deadline}, Begin{})
	var timer <-chan time.Time
	for {
		if p.Watch != nil {
			p.Watch(run)
		}
		var next Event
		for _, e := range effects {
			switch e := e.(type) {
			case Publish:
				if err := p.publish(ctx); err != nil {
					return Outcome{Run: run, Left: p.left()}, fmt.Errorf("apply: %w", err)
				}
				next = Published{p.Now(), tally(p.targets)}
			case WaitUntil:
				timer = time.After(e.At.Sub(p.Now()))
			case Finish:
				return Outcome{Run: run, Left: p.left()}, nil
			}
		}
		if next == nil {
			select {
			case <-ctx.Done():
				next = Cancel{}
			case <-timer:
				next = Progress{p.Now(), tally(p.targets)}
			case c, ok := <-changes:
				if !ok {
					return Outcome{Run: run, Left: p.left()}, errors.New("apply: the connection to the fleet was lost; what is published stays, and planning again shows what is left")
				}
				if !p.heard(c, changes) {
					effects = nil
					continue
				}
				next = Progress{p.Now(), tally(p.targets)}
			}
		}
		run, effects = Step(run, next)
	}
}

// heard takes a change, and all that wait behind it, so that a flood of reports is counted
// once. It reports whether any is of this run.
func (p *applying) heard(c Change, more <-chan Change) bool {
	ours := false
	for ok := true; ok; {
		if s, isState := c.Message.(wire.AppState); isState {
			if t := p.index[s.Device]; t != nil {
				t.states[s.App] = s
				ours = true
			}
		}
		select {
		case c, ok = <-more:
		default:
			ok = false
		}
	}
	return ours
}

// left names the devices that are not as the plan wants them.
func (p *applying) left() []Left {
	var out []Left
	for _, t := range p.targets {
		why := ""
		switch t.outcome {
		case waiting:
			why = "not published to"
		case offline:
			why = "offline, left to the next plan"
		case moved:
			why = "published to by someone else since the plan was made, left to the next plan"
		case unpublished:
			why = t.err.Error()
		case published:
			why = t.trouble()
		}
		if why != "" {
			out = append(out, Left{t.device, why})
		}
	}
	return out
}

// trouble says why a published device is not healthy, or nothing if it is.
func (t *target) trouble() string {
	healthy, _ := t.verdict()
	if healthy {
		return ""
	}
	for _, c := range t.changes {
		app := c.Action.Target().App
		if s, ok := t.states[app]; ok && s.Wanted >= t.generation && s.Phase != algebra.Running && s.Phase != algebra.Completed && s.Phase != 0 {
			why := app.String() + " is " + s.Phase.String()
			if s.LastError != "" {
				why += ": " + s.LastError
			}
			return why
		}
	}
	return "no answer from the device yet"
}
