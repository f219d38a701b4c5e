package agent

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// diagnose looks at all that an operator would look at first. now is the asker's clock.
func (a *Agent) diagnose(ctx context.Context, now time.Time) []wire.Finding {
	s := *a.state.Load()
	found := []wire.Finding{a.selfFinding(), clockFinding(now), a.keysFinding(s), stateFinding(s)}
	if s.held != "" {
		found = append(found, wire.Finding{Topic: "hold", Condition: wire.Doubt, Detail: s.held})
	}
	if a.Dir != nil {
		found = append(found, a.Dir.finding())
	}
	seen, err := a.Runtime.Observe(ctx)
	if err != nil {
		found = append(found, wire.Finding{Topic: "runtime", Condition: wire.Ill, Detail: err.Error()})
	} else {
		found = append(found, wire.Finding{Topic: "runtime", Condition: wire.Well, Detail: fmt.Sprintf("%d slots filled", len(seen))})
	}
	if n := a.outbox.waiting(); n > 0 {
		found = append(found, wire.Finding{Topic: "reports", Condition: wire.Doubt, Detail: fmt.Sprintf("%d wait to be sent", n)})
	}
	return append(found, s.slotFindings(time.Now())...)
}

func (a *Agent) selfFinding() wire.Finding {
	detail := "up for " + time.Since(a.began).Round(time.Second).String()
	if a.Facts != nil {
		f := a.Facts()
		var words []string
		for _, name := range []string{"agent.version", "runtime.version", "kernel"} {
			if f[name] != "" {
				words = append(words, name+" "+f[name])
			}
		}
		detail = strings.Join(append(words, detail), ", ")
	}
	return wire.Finding{Topic: "agent", Condition: wire.Well, Detail: detail}
}

// A clock that is off by more than this breaks tokens sooner or later.
const clockTolerance = 30 * time.Second

func clockFinding(asked time.Time) wire.Finding {
	if asked.IsZero() {
		return wire.Finding{Topic: "clock", Condition: wire.Doubt, Detail: "nobody said what time it is"}
	}
	off := time.Since(asked)
	f := wire.Finding{Topic: "clock", Condition: wire.Well, Detail: fmt.Sprintf("%s from the asker's", off.Round(time.Millisecond))}
	if off.Abs() > clockTolerance {
		f.Condition = wire.Ill
	}
	return f
}

func (a *Agent) keysFinding(s State) wire.Finding {
	from := "the configuration"
	if s.keyset > 0 {
		from = fmt.Sprintf("generation %d of the fleet", s.keyset)
	}
	return wire.Finding{Topic: "operator keys", Condition: wire.Well, Detail: strings.Join(names(s.keys), ", ") + " by " + from}
}

func stateFinding(s State) wire.Finding {
	f := wire.Finding{Topic: "desired state", Condition: wire.Well}
	switch {
	case s.refused != "":
		f.Condition, f.Detail = wire.Ill, "refused: "+s.refused
	case s.accepted.IsZero():
		f.Condition, f.Detail = wire.Doubt, "none was ever accepted"
	default:
		f.Detail = fmt.Sprintf("generation %d with %d apps", s.Generation(), len(s.accepted.State().Apps))
	}
	return f
}

// finding says how much room the state directory's disk has.
func (d *Dir) finding() wire.Finding {
	f := wire.Finding{Topic: "state directory", Condition: wire.Well}
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.path, &s); err != nil {
		f.Condition, f.Detail = wire.Ill, err.Error()
		return f
	}
	free, all := s.Bavail*uint64(s.Bsize), s.Blocks*uint64(s.Bsize)
	f.Detail = fmt.Sprintf("%s, %d of %d MiB free", d.path, free>>20, all>>20)
	switch {
	case free < 16<<20:
		f.Condition = wire.Ill
	case free < all/10:
		f.Condition = wire.Doubt
	}
	return f
}

// slotFindings say of each slot how it stands, and when what failed is tried again.
func (s State) slotFindings(now time.Time) []wire.Finding {
	var found []wire.Finding
	wanted := s.accepted.State()
	for _, j := range s.jobs() {
		t := s.standing(j.app, wanted)
		f := wire.Finding{Topic: "slot " + j.app.String(), Condition: wire.Well, Detail: t.Phase.String()}
		if j.filled {
			f.Detail += " " + j.have.Release.Version.String()
		}
		if j.differs && !j.want.IsZero() {
			f.Condition, f.Detail = wire.Doubt, f.Detail+", wanted "+wanted.Apps[j.app].Version.String()
		} else if j.differs {
			f.Condition, f.Detail = wire.Doubt, f.Detail+", wanted gone"
		}
		if t.Phase == algebra.Failed || t.Phase == algebra.Refused || t.LastError != "" {
			f.Condition = wire.Ill
		}
		if t.LastError != "" {
			f.Detail += ": " + t.LastError
		}
		if at := s.retryAt(j, now); at.After(now) {
			f.Detail += fmt.Sprintf("; tried again in %s", at.Sub(now).Round(time.Second))
		}
		if t.Restarts > 0 {
			f.Detail += fmt.Sprintf("; restarted %d times", t.Restarts)
		}
		found = append(found, f)
	}
	return found
}
