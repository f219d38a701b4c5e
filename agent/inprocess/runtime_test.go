package inprocess_test

import (
	"errors"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent/agenttest"
	"github.com/musterfleet/muster/agent/inprocess"
	"github.com/musterfleet/muster/algebra"
)

func TestContract(t *testing.T) {
	agenttest.Runtime(t, func(*testing.T) agenttest.Rig {
		r := &inprocess.Runtime{Absent: map[string]bool{"absent": true}}
		return agenttest.Rig{
			Runtime: r, Image: "any", Absent: "absent",
			Kill: func(t *testing.T, app algebra.App, _ string) {
				if !r.Kill(app) {
					t.Error("nothing to kill")
				}
			},
			Remove: func(t *testing.T, app algebra.App, _ string) {
				if !r.Remove(app) {
					t.Error("nothing to remove")
				}
			},
		}
	})
}

func TestDelayAndFailure(t *testing.T) {
	web := algebra.MustApp("web")
	r := &inprocess.Runtime{
		Delay: func(c inprocess.Call) time.Duration { return 20 * time.Millisecond },
		Fail: func(c inprocess.Call) error {
			if c.Op == inprocess.Stop {
				return errors.New("no")
			}
			return nil
		},
	}
	begun := time.Now()
	if err := r.Stop(t.Context(), web); err == nil || err.Error() != "stop web: no" {
		t.Errorf("stop: %v", err)
	}
	if took := time.Since(begun); took < 20*time.Millisecond {
		t.Errorf("took %s, want 20ms at least", took)
	}
	if r.Kill(web) || r.Remove(web) {
		t.Error("an empty slot was killed or removed")
	}
}
