package setup

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
)

// UnitDir is where an administrator's units are.
const UnitDir = "/etc/systemd/system"

// mark is the first line of what setup may replace.
const mark = "# Placed by muster; what is changed here, muster changes back.\n"

// Unit is a step that systemd has a unit. One of that name that muster did not place stays as it is.
func Unit(name, text string) Step {
	want := Entry{Data: []byte(mark + text), Mode: 0o644}
	return place{name: name, path: path.Join(UnitDir, name), account: "root", after: reload,
		want: func(now Entry, found bool) (Entry, error) {
			if found && !strings.HasPrefix(string(now.Data), mark) {
				return Entry{}, errors.New("was not placed by muster; move it away, or name another unit")
			}
			return want, nil
		}}
}

// reload has systemd read its units anew, where it runs.
func reload(ctx context.Context, h Host) error {
	running, err := booted(h)
	if err == nil && running {
		_, err = h.Run(ctx, "systemctl", "daemon-reload")
	}
	return err
}

// Revision is the variable by which a unit says of what it was made. A unit that runs with another
// value than its file has is started anew.
const Revision = "MUSTER_REVISION"

// Running is a step that a unit is enabled, and active as of a revision; empty: of any.
func Running(unit, revision string) Step { return running{unit, revision} }

type running struct{ unit, revision string }

func (r running) Name() string { return "start " + r.unit }

func (r running) Check(ctx context.Context, h Host) (Change, error) {
	s, err := r.state(ctx, h)
	if err != nil {
		return nil, err
	}
	if s.active && s.enabled && s.current {
		return nil, nil
	}
	return starting{r, s}, nil
}

// unitState is how a unit stands.
type unitState struct {
	active, enabled, current bool
	text                     string
}

func (r running) state(ctx context.Context, h Host) (unitState, error) {
	out, err := h.Run(ctx, "systemctl", "show", "-p", "ActiveState,SubState,Result,UnitFileState,MainPID", r.unit)
	if err != nil {
		return unitState{}, err
	}
	p := map[string]string{}
	for line := range strings.Lines(out) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), "=")
		p[k] = v
	}
	s := unitState{active: p["ActiveState"] == "active", enabled: p["UnitFileState"] == "enabled", current: true,
		text: fmt.Sprintf("%s (%s, %s)", p["ActiveState"], p["SubState"], p["Result"])}
	if s.active && r.revision != "" {
		e, err := h.Read("/proc/" + p["MainPID"] + "/environ")
		if err != nil || len(e.Data) == 0 { // the process ended since
			s.active, s.text = false, "ended at once"
		}
		s.current = strings.Contains("\x00"+string(e.Data), "\x00"+Revision+"="+r.revision+"\x00")
	}
	return s, nil
}

type starting struct {
	running
	was unitState
}

func (s starting) Diff() string {
	switch {
	case !s.was.active:
		return "+ start " + s.unit
	case !s.was.current:
		return "~ restart " + s.unit
	}
	return "+ enable " + s.unit
}

// settling is how long a unit is looked at: one that ends at once is active for a moment.
const settling = 5 * time.Second

func (s starting) Apply(ctx context.Context, h Host) error {
	// Who was cut off after the unit's file was placed has not reloaded it.
	if _, err := h.Run(ctx, "systemctl", "daemon-reload"); err != nil {
		return err
	}
	if _, err := h.Run(ctx, "systemctl", "enable", s.unit); err != nil {
		return err
	}
	if !s.was.active || !s.was.current {
		if _, err := h.Run(ctx, "systemctl", "restart", s.unit); err != nil {
			return s.because(ctx, h, err)
		}
	}
	for begun := time.Now(); time.Since(begun) < settling; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
		now, err := s.state(ctx, h)
		if err != nil {
			return err
		}
		if !now.active {
			return s.because(ctx, h, fmt.Errorf("is %s", now.text))
		}
	}
	return nil
}

// because adds what the unit said last to an error.
func (s starting) because(ctx context.Context, h Host, err error) error {
	return fmt.Errorf("%w%s", err, lastSaid(ctx, h, s.unit))
}

// lastSaid is the last line of a unit's own processes, to be put after an error; empty if there is none.
func lastSaid(ctx context.Context, h Host, unit string) string {
	said, err := h.Run(context.WithoutCancel(ctx), "journalctl", "_SYSTEMD_UNIT="+unit, "-n", "1", "-o", "cat", "--no-pager", "-q")
	if err != nil {
		return ""
	}
	return LastLine(said)
}

// Undo stops what did not run before. What ran before goes on trying as its unit says.
func (s starting) Undo(ctx context.Context, h Host) error {
	var verb []string
	switch {
	case !s.was.active && !s.was.enabled:
		verb = []string{"disable", "--now"}
	case !s.was.active:
		verb = []string{"stop"}
	case !s.was.enabled:
		verb = []string{"disable"}
	default:
		return nil
	}
	_, err := h.Run(ctx, append(append([]string{"systemctl"}, verb...), s.unit)...)
	return err
}
