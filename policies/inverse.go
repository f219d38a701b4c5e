package policies

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/planner/planfile"
)

// rollbackReason is the action_reason of an inverse.
const rollbackReason = "rollback"

// turned are the keys of a change under which its inverse may differ from it.
var turned = []string{"action_reason", "change", "disruptive"}

// inverses makes the inverses of the changes of a plan. Those that bring the same deployment back
// with the same values share it.
type inverses struct {
	takes map[*planfile.Deployment][]string
	back  map[returning]*planfile.Deployment
	text  []byte // to write in
}

// returning is a deployment that comes back, and the values it takes as one text.
type returning struct {
	of     *planfile.Deployment
	values string
}

func newInverses() *inverses {
	return &inverses{takes: map[*planfile.Deployment][]string{}, back: map[returning]*planfile.Deployment{}}
}

// of is the action that would undo c:
//
//	create  ->  delete            what was started stops
//	delete  ->  create            what was stopped starts again
//	delete, create  ->  the same  with before and after exchanged
//
// What comes back takes its values from the device as it is now. The error says why the
// action cannot be undone. A deployment of which only the digest is known is no error here:
// policies that read its workload fail on it, and so do not approve of it.
func (v *inverses) of(c planfile.Change) (planfile.Change, error) {
	c.ActionReason = rollbackReason
	c.Change.Before, c.Change.After = c.Change.After, c.Change.Before
	switch {
	case c.Change.After == nil: // it was a start
		c.Change.Actions, c.Disruptive = onlyDelete, true
		return c, nil
	case c.Change.Before == nil: // it was a stop
		c.Change.Actions, c.Disruptive = onlyCreate, false
	}
	after := c.Change.After
	values, missing := v.valuesOn(c.Device, after)
	if len(missing) > 0 {
		return c, fmt.Errorf("%s@%s takes %s, which the device lacks now", after.App, after.Version, strings.Join(missing, ", "))
	}
	c.Change.After = v.with(after, values)
	return c, nil
}

var onlyDelete, onlyCreate = []string{"delete"}, []string{"create"}

// pair is a key of a device, and what it has there.
type pair struct{ key, value string }

// with is a deployment with these values, given in the order of their keys.
func (v *inverses) with(d *planfile.Deployment, values []pair) *planfile.Deployment {
	if len(values)+len(d.Values) == 0 {
		return d
	}
	text := v.text[:0]
	for _, p := range values { // the keys are the same for all of d
		text = append(binary.AppendUvarint(text, uint64(len(p.value))), p.value...)
	}
	v.text = text
	if known := v.back[returning{d, string(text)}]; known != nil {
		return known
	}
	back := *d
	back.Values = make(map[string]string, len(values))
	for _, p := range values {
		back.Values[p.key] = p.value
	}
	v.back[returning{d, string(text)}] = &back
	return &back
}

// valuesOn is what a deployment takes from a device, by the key it is taken under, and which
// keys the device lacks; both in order.
func (v *inverses) valuesOn(on planfile.Device, d *planfile.Deployment) (values []pair, missing []string) {
	keys, known := v.takes[d]
	if !known {
		keys = takes(d)
		v.takes[d] = keys
	}
	for _, key := range keys {
		source, name, _ := strings.Cut(key, ":")
		text, ok := on.Labels[name]
		if source == "fact" {
			if text, ok = on.Facts[name]; name == "id" || name == "name" {
				text, ok = on.ID, true
			}
		}
		if ok {
			values = append(values, pair{key, text})
		} else {
			missing = append(missing, key)
		}
	}
	return values, missing
}

// takes are the keys that a deployment takes from its device, each once, in order. Plans of format
// 1.1 say so in the environment of containers only, among the digests of texts.
func takes(d *planfile.Deployment) []string {
	keys := slices.Clone(d.Takes)
	for _, c := range d.Podman.Containers {
		for _, key := range c.Env {
			keys = append(keys, key)
		}
	}
	keys = slices.DeleteFunc(keys, func(key string) bool {
		source, _, _ := strings.Cut(key, ":")
		return source != "label" && source != "fact" // the digest of a text
	})
	slices.Sort(keys)
	return slices.Compact(keys)
}
