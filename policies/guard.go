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

// stops refuses a plan that stops more than stopShare of the devices an app is on, unless the
// caller allows that many: it is the guard against an emptied selector. The share is exact,
// and of the devices that have the app now: those that get it in the same plan do not make
// up for those that lose it. That a World empties a fleet in use without stopping so much
// cannot be seen from a plan: it takes the World before.
func stops(f *planfile.File, allowed int) []Result {
	started := map[string]int{}
	for i := range f.ResourceChanges {
		if c := &f.ResourceChanges[i]; c.Type == "deployment" && c.Change.Before == nil {
			started[c.Name]++
		}
	}
	var out []Result
	for _, app := range slices.Sorted(maps.Keys(f.Aggregates.ByDeployment)) {
		stopped := f.Aggregates.ByDeployment[app].Stopped
		devices := f.Aggregates.ByDeployment[app].Devices - started[app]
		if 100*stopped <= stopShare*devices || stopped <= allowed {
			continue
		}
		share := fmt.Sprintf("on %d of its %d devices, more than %d %%", stopped, devices, stopShare)
		switch {
		case devices == 1:
			share = "on its only device"
		case stopped == devices:
			share = fmt.Sprintf("on all its %d devices", devices)
		}
		out = append(out, Result{Rule: ruleStops, Level: Deny,
			Msg:     fmt.Sprintf("stops %s %s; if that is meant, pass --allow-stop %d", app, share, stopped),
			Details: map[string]any{"app": app, "stopped": stopped, "devices": devices}})
	}
	return out
}
