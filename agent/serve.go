package agent

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// LogSource is a Runtime that keeps what its workloads write.
type LogSource interface {
	// Logs are the last lines of the app, of each container at most q.Tail, in any order. An app of
	// which it runs nothing is ErrNoLogs.
	Logs(ctx context.Context, q LogQuery) ([]wire.LogLine, error)
}

// LogQuery is which lines are asked for.
type LogQuery = wire.AskLogs

// serve answers what the fleet asks this device.
func (a *Agent) serve(ctx context.Context) {
	a.follow(ctx, "questions", func(ctx context.Context) error { return a.Link.Serve(ctx, a.answer) })
}

// answer is the answer to a question, nil to what is none for this device.
func (a *Agent) answer(ctx context.Context, question wire.Message) wire.Message {
	switch q := question.(type) {
	case wire.AskLogs:
		if q.Device == a.Device {
			return a.logs(ctx, q)
		}
	case wire.AskDoctor:
		if q.Device == a.Device {
			return wire.DoctorAnswer{Device: a.Device, Nonce: q.Nonce, Findings: a.diagnose(ctx, q.Now)}
		}
	case wire.Unsupported:
		if r, asks := q.Refuse(); asks && r.Device == a.Device {
			return r
		}
	case wire.Signed, wire.DeviceEntry, wire.DeviceInfo, wire.AppState, wire.Heartbeat, wire.AskState, wire.AskSpec,
		wire.AskSecret, wire.StateAnswer, wire.SpecAnswer, wire.SecretAnswer, wire.LogsAnswer, wire.DoctorAnswer,
		wire.Refusal, wire.WorldRecord, wire.Run, wire.Lease, wire.Quarantined:
	}
	return nil
}

func (a *Agent) logs(ctx context.Context, q wire.AskLogs) wire.LogsAnswer {
	out := wire.LogsAnswer{Device: a.Device, Nonce: q.Nonce}
	source, ok := a.Runtime.(LogSource)
	if !ok {
		out.Error = "this device keeps no logs"
		return out
	}
	q.Tail = min(cmp.Or(max(q.Tail, 0), 100), 10_000)
	lines, err := source.Logs(ctx, q)
	if err != nil {
		out.Error = err.Error()
		return out
	}
	slices.SortStableFunc(lines, func(x, y wire.LogLine) int { return x.At.Compare(y.At) })
	out.Lines, out.Cut = newestLines(lines, q.Tail)
	return out
}

// newestLines are the last of the lines, as many as are wanted and fit an answer.
func newestLines(lines []wire.LogLine, tail int) (kept []wire.LogLine, cut bool) {
	size, first := 0, len(lines)
	for first > 0 && len(lines)-first < tail {
		l := &lines[first-1]
		if len(l.Text) > wire.MaxLogs/4 {
			l.Text = l.Text[:wire.MaxLogs/4] + " …"
		}
		const around = 120 // the rest of a line as JSON
		if size += len(l.Text) + around; size > wire.MaxLogs {
			return lines[first:], true
		}
		first--
	}
	return lines[first:], false
}

// Logs are those of whichever kind runs the app.
func (k Kinds) Logs(ctx context.Context, q LogQuery) ([]wire.LogLine, error) {
	for _, kind := range algebra.Kinds() {
		source, ok := k[kind].(LogSource)
		if !ok {
			continue
		}
		lines, err := source.Logs(ctx, q)
		if err != nil || len(lines) > 0 {
			return lines, err
		}
	}
	seen, err := k.Observe(ctx)
	if err != nil {
		return nil, err
	}
	if _, runs := seen[q.App]; !runs {
		return nil, fmt.Errorf("%s does not run on %s", q.App, q.Device)
	}
	return nil, nil
}
