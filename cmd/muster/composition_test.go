package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterfleet/muster/identity/callout"
)

// TestDoorOpens: who comes while the fleet starts is judged when it has started, and not refused before.
func TestDoorOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := door{opened: make(chan struct{})}
		ctx, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		var admitted callout.Admission
		var err error
		go func() { admitted, err = d.authorize(ctx, "token") }()
		time.Sleep(time.Second - 1)
		d.opens = func(_ context.Context, token string) (callout.Admission, error) {
			return callout.Admission{Name: token}, nil
		}
		close(d.opened)
		synctest.Wait()
		if admitted.Name != "token" || err != nil {
			t.Errorf("let in as %q, %v", admitted.Name, err)
		}

		shut := door{opened: make(chan struct{})}
		ctx, end = context.WithTimeout(t.Context(), time.Second)
		defer end()
		if _, err := shut.authorize(ctx, "token"); err == nil || err.Error() != "the fleet is starting" {
			t.Errorf("a door that stays shut: %v", err)
		}
	})
}
