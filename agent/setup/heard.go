package setup

import (
	"context"
	"fmt"
	"time"
)

// Heard is a step that what a unit runs is heard where it should be: a device by its fleet. seen
// looks, from the other side.
func Heard(unit string, seen func(context.Context) (bool, error), within time.Duration) Step {
	return heard{unit, seen, within}
}

type heard struct {
	unit   string
	seen   func(context.Context) (bool, error)
	within time.Duration
}

func (d heard) Name() string { return "first heartbeat" }

func (d heard) Check(ctx context.Context, _ Host) (Change, error) {
	seen, err := d.seen(ctx)
	if err != nil || seen {
		return nil, err
	}
	return d, nil
}

func (d heard) Diff() string { return "+ first heartbeat" }

// Apply waits.
func (d heard) Apply(ctx context.Context, h Host) error {
	for begun := time.Now(); time.Since(begun) < d.within; {
		seen, err := d.seen(ctx)
		if err != nil || seen {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return fmt.Errorf("nothing is heard within %v of the start%s", d.within, lastSaid(ctx, h, d.unit))
}

// Undo has nothing to undo: waiting changes nothing.
func (heard) Undo(context.Context, Host) error { return nil }
