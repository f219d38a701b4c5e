package policies

import (
	"fmt"
	"maps"
	"slices"

	"github.com/musterfleet/muster/planner/planfile"
)

// stopShare is the share of an app's devices, in percent, that a plan may stop without
// being told so.
const stopShare = 20

// reserved begins the names of the rules that hold without being declared; no gate has such a name.
const reserved = "muster/"

// These rules.
const (
	ruleNoGates     = reserved + "no-gates"
	ruleNotCompiled = reserved + "gate"
	ruleNotJudged   = reserved + "nothing-judged"
	ruleObservation = reserved + "observation"
	ruleRollback    = reserved + "rollback"
	ruleStops       = reserved + "stops"
)

// stops refuses a plan that stops more than stopShare of an app's devices, unless the caller
// allows that many: it is the guard against an emptied selector. Devices are counted whole,
// of all that have the app or get it; the bound is exact. That a World empties a fleet in
// use cannot be seen from a plan: it takes the World before.
func stops(f *planfile.File, allowed int) []Result {
	var out []Result
	for _, app := range slices.Sorted(maps.Keys(f.Aggregates.ByDeployment)) {
		g := f.Aggregates.ByDeployment[app]
		if 100*g.Stopped <= stopShare*g.Devices || g.Stopped <= allowed {
			continue
		}
		share := fmt.Sprintf("on %d of its %d devices, more than %d %%", g.Stopped, g.Devices, stopShare)
		switch {
		case g.Devices == 1:
			share = "on its only device"
		case g.Stopped == g.Devices:
			share = fmt.Sprintf("on all its %d devices", g.Devices)
		}
		out = append(out, Result{Rule: ruleStops, Level: Deny,
			Msg:     fmt.Sprintf("stops %s %s; if that is meant, pass --allow-stop %d", app, share, g.Stopped),
			Details: map[string]any{"app": app, "stopped": g.Stopped, "devices": g.Devices}})
	}
	return out
}
