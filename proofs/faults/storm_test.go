package faults_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFaultsOfMany has thousands of agents start anew at once: each with its connection, its token, its
// state directory and its diary, in a few processes.
func TestFaultsOfMany(t *testing.T) {
	if !soak {
		t.Skip("minutes: in make soak (MUSTER_SOAK=1)")
	}
	tried := newReport()
	began := time.Now()
	r := newRig(t, size{sites: 50, each: 100, processes: 10, calm: true})
	up := time.Since(began)
	t.Logf("%d agents are up after %s", len(r.devices()), up.Round(time.Second))
	for _, s := range []struct {
		name, how string
		do        func()
	}{
		{"nothing", "for comparison", func() {}},
		{"all agents", "kill -9; all started again at once; what they run goes on", func() { r.reboot(false) }},
		{"all agents, three times", "kill -9 and started again at once, 5 s after each other", func() {
			for range 3 {
				r.reboot(false)
				time.Sleep(5 * time.Second)
			}
		}},
		{"all agents and all services", "kill -9 of agents, hubs and callouts; agents at once, the others 2 s later", func() {
			r.reboot(false)
			r.restart(len(r.services))
		}},
	} {
		var back time.Duration
		took := r.roll(func() {
			s.do()
			back = r.heard()
		})
		if wrong := r.news(); len(wrong) > 0 {
			t.Fatalf("%s: %d breaches:\n%s", s.name, len(wrong), strings.Join(wrong[:min(20, len(wrong))], "\n"))
		}
		tried.row(s.name, s.how, fmt.Sprintf("converged; all were heard again %.0f s after the last start", back.Seconds()), took)
		t.Logf("%s: all heard after %s, converged after %s", s.name, back.Round(time.Second), took.Round(time.Second))
	}
	tried.record(t, "A storm", fmt.Sprintf(`The same servers and services, and %d agents at 50 sites, of each of which ten may be down: real agents but for what they run, each with a
connection and a state directory, 500 to a process, with a heartbeat each 20 s; they came up, and to version 1, in %s. The time is from when a third of
the devices have it.`, len(r.devices()), up.Round(time.Second)))
}

// heard waits until all devices said something after now, and says how long that took.
func (r *rig) heard() time.Duration {
	began := time.Now()
	r.retry("all devices heard", patience, func(ctx context.Context) error {
		records, err := r.records(ctx)
		if err != nil {
			return err
		}
		var silent []string
		for id, d := range records.Devices {
			if d.Heard().Before(began) {
				silent = append(silent, id.String())
			}
		}
		if len(silent) == 0 {
			return nil
		}
		slices.Sort(silent)
		return errors.New(silent[0] + fmt.Sprintf(" and %d more are silent", len(silent)-1))
	})
	return time.Since(began)
}
