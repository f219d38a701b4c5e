package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/planner/planfile"
)

// rollbackReason is the action_reason of an inverse.
const rollbackReason = "rollback"

// inverse is the action that would undo c:
//
//	create  ->  delete            what was started stops
//	delete  ->  create            what was stopped starts again
//	delete, create  ->  the same  with before and after exchanged
//
// What comes back takes its values from the device as it is now. The error says why the
// action cannot be undone. A deployment of which only the digest is known is no error here:
// policies that read its workload fail on it, and so do not approve of it.
func inverse(c planfile.Change) (planfile.Change, error) {
	c.ActionReason = rollbackReason
	c.Change.Before, c.Change.After = c.Change.After, c.Change.Before
	switch {
	case c.Change.After == nil: // it was a start
		c.Change.Actions, c.Disruptive = []string{"delete"}, true
		return c, nil
	case c.Change.Before == nil: // it was a stop
		c.Change.Actions, c.Disruptive = []string{"create"}, false
	}
	after := *c.Change.After
	values, missing := valuesOn(c.Device, after)
	switch {
	case len(values) == 0 && len(missing) == 0 && len(after.Values) == 0:
		return c, nil // the deployment as it is, which many changes share
	case len(missing) > 0:
		return c, fmt.Errorf("%s@%s takes %s, which the device lacks now", after.App, after.Version, strings.Join(missing, ", "))
	}
	after.Values = values
	c.Change.After = &after
	return c, nil
}

// valuesOn is what a deployment takes from a device, by the key it is taken under, and which
// keys the device lacks.
func valuesOn(on planfile.Device, d planfile.Deployment) (values map[string]string, missing []string) {
	values = map[string]string{}
	for _, key := range takes(d) {
		source, name, _ := strings.Cut(key, ":")
		text, ok := "", false
		switch source {
		case "label":
			text, ok = on.Labels[name]
		case "fact":
			if text, ok = on.Facts[name]; name == "id" || name == "name" {
				text, ok = on.ID, true
			}
		default: // the digest of a text
			continue
		}
		if ok {
			values[key] = text
		} else {
			missing = append(missing, key)
		}
	}
	slices.Sort(missing)
	return values, slices.Compact(missing)
}

// takes are the keys that a deployment takes from its device. Plans of format 1.1 say so in the
// environment of containers only, among the digests of texts.
func takes(d planfile.Deployment) []string {
	keys := slices.Clone(d.Takes)
	for _, c := range d.Podman.Containers {
		for _, key := range c.Env {
			keys = append(keys, key)
		}
	}
	return keys
}
