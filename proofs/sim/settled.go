package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// unsettled says what does not stand as the last World says; empty if all does: each device, and
// each run, or it says what it waits for.
func (l *life) unsettled() string {
	for _, r := range l.runs {
		if l.standsStill(r) {
			return "" // nothing can go on before somebody has decided
		}
	}
	applied := false
	for _, id := range slices.Sorted(maps.Keys(l.runs)) {
		r := l.runs[id]
		applied = applied || r.World == l.world().Digest()
		if !r.Status.Ended() && !(l.lastIsBad() && stated(r)) {
			return fmt.Sprintf("run %s is %s, and it is not said why it waits", id, r.Status)
		}
	}
	if !applied {
		return "the last World was never applied"
	}
	for _, d := range l.devices {
		if have, want := d.state.Generation(), l.current(d.id).State().Generation; have != want {
			return fmt.Sprintf("%s is at generation %d of %d", d.id, have, want)
		}
		want := l.worlds[len(l.worlds)-1].means(d.labels)
		if l.lastIsBad() {
			want = d.given()
		}
		if why := d.unlike(want); why != "" {
			return why
		}
	}
	return ""
}

// given is what is published to a device, as far as that can run.
func (d *device) given() map[algebra.App]string {
	out := map[algebra.App]string{}
	for app, is := range d.current(d.id).State().Apps {
		out[app] = is.Version.String()
		if _, bad := d.bad[algebra.DeploymentRef{App: app, Version: is.Version}]; bad {
			return nil // others may wait for it
		}
	}
	return out
}

// unlike says what on a device is otherwise than wanted, by app; nil wants nothing of it.
func (d *device) unlike(want map[algebra.App]string) string {
	if want == nil {
		return ""
	}
	for _, app := range []algebra.App{web, log, aux} {
		version, phase := "", algebra.Phase(0)
		if all := d.slots[app]; len(all) > 0 {
			version, phase = all[0].Release.Version.String(), all[0].Phase
		}
		if version != want[app] || version != "" && phase != algebra.Running {
			return fmt.Sprintf("%s has %s %q %s, wanted is %q", d.id, app, version, phase, want[app])
		}
	}
	if !d.state.Settled() {
		return d.id.String() + " is not settled"
	}
	return ""
}

// stated reports a run that waits for a person and says why.
func stated(r wire.Run) bool {
	if r.Status == wire.RunPaused || r.Status == wire.RunCancelling {
		return r.Reason != ""
	}
	waits := false
	for _, lane := range r.Lanes {
		if lane.State == wire.LaneHeld && lane.Reason != "" {
			waits = true
		} else if !lane.State.Ended() {
			return false
		}
	}
	return waits
}

// standsStill reports a run of the last World that is held because its budget is spent: somebody had
// approved of a version that does not work, and the devices that are down with it come after those
// that their being down holds up.
func (l *life) standsStill(r wire.Run) bool {
	return r.World == l.world().Digest() && slices.ContainsFunc(r.Lanes, spent)
}

func spent(lane wire.Lane) bool {
	return lane.State == wire.LaneHeld && strings.Contains(lane.Reason, "stands still: the budget of")
}

func (l *life) lastIsBad() bool {
	_, is := l.bad[algebra.DeploymentRef{App: web, Version: algebra.MustVersion(fmt.Sprint(l.worlds[len(l.worlds)-1].web))}]
	return is
}
