package main

import (
	"context"
	"log/slog"

	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/rollout"
)

// runLog tells how a run goes: lines of the log, spans of its waves and of what is published, and
// counts. It serves one run at a time.
type runLog struct {
	log    *slog.Logger
	span   operator.Span
	meters *meters
	before *rollout.Run
	waves  map[string]func(error)
	// published ends the span of the last batch: with the next step it is out.
	published func(error)
}

// show is the operator's WatchRun.
func (r *runLog) show(ctx context.Context, s rollout.Script, m rollout.Moment) {
	if r.before == nil || r.before.ID != m.Run.ID {
		r.before, r.waves = nil, map[string]func(error){}
	}
	if r.published != nil {
		r.published(nil)
		r.published = nil
	}
	for _, e := range runEvents(s, r.before, m) {
		r.log.Info(e.Event, loggedEvent(e)...)
		about := []slog.Attr{slog.String("run", e.Run), slog.String("rollout", e.Rollout), slog.String("wave", e.Wave), slog.Int("devices", e.Number)}
		switch e.Event {
		case "wave":
			_, r.waves[e.Rollout] = r.span(ctx, "wave", about...)
		case "verdict":
			r.endWave(e.Rollout)
		case "publish", "restore":
			r.meters.published.Add(float64(e.Number))
			_, r.published = r.span(ctx, "publish", about...)
		}
	}
	run := m.Run
	r.before = &run
	if run.Status.Ended() {
		for rollout := range r.waves {
			r.endWave(rollout)
		}
		r.meters.ended(run.Status)
	}
}

func (r *runLog) endWave(rollout string) {
	if end, open := r.waves[rollout]; open {
		end(nil)
		delete(r.waves, rollout)
	}
}

// loggedEvent is what an event says, as attributes of the log.
func loggedEvent(e runEvent) []any {
	out := []any{"run", e.Run}
	for _, a := range [][2]string{{"rollout", e.Rollout}, {"wave", e.Wave}, {"state", e.State}, {"reason", e.Reason}, {"devices", e.Devices}} {
		if a[1] != "" {
			out = append(out, a[0], a[1])
		}
	}
	if e.Number > 0 {
		out = append(out, "number", e.Number)
	}
	if c := e.Count; c != nil {
		out = append(out, "published", c.Published, "healthy", c.Healthy, "failed", c.Failed, "left", c.Left)
	}
	return out
}
