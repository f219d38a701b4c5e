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
	ruleReach       = reserved + "reach"
	ruleStops       = reserved + "stops"
	ruleEmptied     = reserved + "emptied"
	ruleWave        = reserved + "wave"
)

// stops refuses a plan that stops more than stopShare of an app's devices, unless the caller
// allows that many: it is the guard against an emptied selector. Devices are counted whole,
// of all that have the app, as those that get it keep nothing running; the bound is exact. An assignment that comes to nothing
// while its apps stop is a fleet in use that was emptied, however few its devices are.
func stops(f *planfile.File, allowed int) []Result {
	gets := map[string]int{}
	for _, c := range f.ResourceChanges {
		if c.Type == "deployment" && slices.Equal(c.Change.Actions, []string{"create"}) {
			gets[c.Name]++
		}
	}
	var out []Result
	for _, app := range slices.Sorted(maps.Keys(f.Aggregates.ByDeployment)) {
		g := f.Aggregates.ByDeployment[app]
		has := g.Devices - gets[app]
		if 100*g.Stopped <= stopShare*has || g.Stopped <= allowed {
			continue
		}
		share := fmt.Sprintf("on %d of its %d devices, more than %d %%", g.Stopped, has, stopShare)
		switch {
		case has == 1:
			share = "on its only device"
		case g.Stopped == has:
			share = fmt.Sprintf("on all its %d devices", has)
		}
		out = append(out, Result{Rule: ruleStops, Level: Deny,
			Msg:     fmt.Sprintf("stops %s %s; if that is meant, pass --allow-stop %d", app, share, g.Stopped),
			Details: map[string]any{"app": app, "stopped": g.Stopped, "devices": has}})
	}
	for _, e := range f.Emptied {
		if e.Stops <= allowed {
			continue
		}
		out = append(out, Result{Rule: ruleEmptied, Level: Deny, Loc: e.Source,
			Msg: fmt.Sprintf("no device is in the fleet of assignment %s any more, and %d stop what it placed; if that is meant, pass --allow-stop %d",
				e.Assignment.Name, e.Stops, e.Stops),
			Details: map[string]any{"assignment": e.Assignment.Name, "stopped": e.Stops}})
	}
	return out
}
