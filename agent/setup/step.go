package setup

import (
	"context"
	"errors"
	"fmt"
)

// Step is one thing that a host must have.
type Step interface {
	Name() string
	// Check gives what has to change, nil if nothing has. It changes nothing itself.
	Check(ctx context.Context, h Host) (Change, error)
}

// Change is what a step found to do on one host.
type Change interface {
	// Diff is one line, which begins with + for what is new and ~ for what changes. It never
	// holds content: files may be secret.
	Diff() string
	Apply(ctx context.Context, h Host) error
	// Undo brings back what Check saw, wherever Apply stopped.
	Undo(ctx context.Context, h Host) error
}

// ErrLost is that the host is not there any more.
var ErrLost = errors.New("the connection to the host is lost")

// Failure is the step that failed. The host is as it was before that step, unless Undo says why not.
type Failure struct {
	Step  string
	Cause error
	Undo  error
}

func (f *Failure) Error() string {
	if f.Undo != nil {
		return fmt.Sprintf("%s: %v; the step could not be undone: %v", f.Step, f.Cause, f.Undo)
	}
	return fmt.Sprintf("%s: %v", f.Step, f.Cause)
}

func (f *Failure) Unwrap() []error { return []error{f.Cause, f.Undo} }

// Diff is what Run would do, as lines; it touches nothing. A step that cannot be checked ends it.
func Diff(ctx context.Context, h Host, steps []Step) ([]string, error) {
	var lines []string
	for _, s := range steps {
		c, err := s.Check(ctx, h)
		if err != nil {
			return lines, &Failure{Step: s.Name(), Cause: err}
		}
		if c != nil {
			lines = append(lines, c.Diff())
		}
	}
	return lines, nil
}

// Run does what differs, step by step, and gives the lines of what it did. The first failure
// ends it, and is a *Failure.
func Run(ctx context.Context, h Host, steps []Step) ([]string, error) {
	var done []string
	for _, s := range steps {
		if err := ctx.Err(); err != nil {
			return done, &Failure{Step: s.Name(), Cause: err}
		}
		c, err := s.Check(ctx, h)
		if err != nil {
			return done, &Failure{Step: s.Name(), Cause: err}
		}
		if c == nil {
			continue
		}
		switch err := applied(ctx, h, s, c); {
		case errors.Is(err, ErrLost):
			// Nothing can be undone there. What is placed whole or not at all stands as before, or as
			// wanted, and the next run looks.
			return done, &Failure{Step: s.Name(), Cause: err}
		case err != nil:
			// Who was told to stop still leaves the host in order.
			return done, &Failure{Step: s.Name(), Cause: err, Undo: c.Undo(context.WithoutCancel(ctx), h)}
		}
		done = append(done, c.Diff())
	}
	return done, nil
}

func applied(ctx context.Context, h Host, s Step, c Change) error {
	if err := c.Apply(ctx, h); err != nil {
		return err
	}
	left, err := s.Check(ctx, h)
	if err == nil && left != nil {
		err = errors.New("applied, but it still differs: " + left.Diff())
	}
	return err
}
