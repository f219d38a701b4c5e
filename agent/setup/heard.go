package setup

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Heard is a step that the fleet hears the device. seen looks, from the operator's side.
func Heard(seen func(context.Context) (bool, error), within time.Duration) Step {
	return heard{seen, within}
}

type heard struct {
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
	err := fmt.Errorf("the device is not heard %v after its start", d.within)
	said, unread := h.Run(ctx, "journalctl", "-u", AgentUnit, "-n", "5", "-o", "cat", "--no-pager")
	if unread != nil {
		return errors.Join(err)
	}
	return fmt.Errorf("%w%s", err, LastLine(said))
}

// Undo has nothing to undo: waiting changes nothing.
func (heard) Undo(context.Context, Host) error { return nil }
