package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/musterfleet/muster/algebra"
)

// Kinds is a Runtime of several, one for each kind of workload. A kind that is not in it is
// refused; one whose Runtime is a Lacking says why.
type Kinds map[algebra.Kind]Runtime

var _ Runtime = Kinds(nil)

// ErrRefused marks an error as the device's decision: the release shows as Refused, not Failed.
var ErrRefused = errors.New("refused by the device")

func (k Kinds) of(d algebra.Deployment) (Runtime, error) {
	r, ok := k[d.Kind()]
	if !ok {
		return nil, fmt.Errorf("%w: %s: this agent runs no workloads of kind %s", ErrRefused, d, d.Kind())
	}
	return r, nil
}

// Observe is what all of them run.
func (k Kinds) Observe(ctx context.Context) (map[algebra.App]Observed, error) {
	all := map[algebra.App]Observed{}
	for _, kind := range algebra.Kinds() {
		r, ok := k[kind]
		if !ok {
			continue
		}
		seen, err := r.Observe(ctx)
		if err != nil {
			return nil, err
		}
		for app, o := range seen {
			if _, twice := all[app]; twice {
				o.Phase, o.Detail = algebra.Failed, fmt.Sprintf("in %s and in another kind at once", kind)
			}
			all[app] = o
		}
	}
	return all, nil
}

// Prepare fetches what Start will need.
func (k Kinds) Prepare(ctx context.Context, d algebra.Deployment) error {
	r, err := k.of(d)
	if err != nil {
		return err
	}
	return r.Prepare(ctx, d)
}

// Start brings the release up.
func (k Kinds) Start(ctx context.Context, d algebra.Deployment, v algebra.Values) error {
	r, err := k.of(d)
	if err != nil {
		return err
	}
	return r.Start(ctx, d, v)
}

// Stop empties the slot in all of them: only they know which has something in it.
func (k Kinds) Stop(ctx context.Context, app algebra.App) error {
	var errs []error
	for r := range maps.Values(k) {
		errs = append(errs, r.Stop(ctx, app))
	}
	return errors.Join(errs...)
}

// Collect has each make room that can.
func (k Kinds) Collect(ctx context.Context, keep []algebra.Deployment) error {
	var errs []error
	for r := range maps.Values(k) {
		if c, can := r.(Collector); can {
			errs = append(errs, c.Collect(ctx, keep))
		}
	}
	return errors.Join(errs...)
}

// Changes are those of all of them. They end together.
func (k Kinds) Changes(ctx context.Context) (<-chan algebra.App, error) {
	ctx, cancel := context.WithCancel(ctx)
	out := make(chan algebra.App)
	var all sync.WaitGroup
	for r := range maps.Values(k) {
		changes, err := r.Changes(ctx)
		if err != nil {
			cancel()
			return nil, err
		}
		all.Go(func() {
			defer cancel()
			for app := range changes {
				select {
				case out <- app:
				case <-ctx.Done():
				}
			}
		})
	}
	go func() {
		all.Wait()
		cancel()
		close(out)
	}()
	return out, nil
}

// Lacking is the Runtime of a kind that this device cannot run, because of what it says.
type Lacking string

// Observe sees nothing.
func (Lacking) Observe(context.Context) (map[algebra.App]Observed, error) { return nil, nil }

// Prepare refuses.
func (l Lacking) Prepare(_ context.Context, d algebra.Deployment) error {
	return fmt.Errorf("%w: %s: %s", ErrRefused, d, string(l))
}

// Start refuses.
func (l Lacking) Start(ctx context.Context, d algebra.Deployment, _ algebra.Values) error {
	return l.Prepare(ctx, d)
}

// Stop has nothing to stop.
func (Lacking) Stop(context.Context, algebra.App) error { return nil }

// Changes are none.
func (Lacking) Changes(ctx context.Context) (<-chan algebra.App, error) {
	out := make(chan algebra.App)
	context.AfterFunc(ctx, func() { close(out) })
	return out, nil
}
