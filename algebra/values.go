package algebra

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// Values are what a deployment takes from its device: the text of each label and fact it
// refers to, under the keys label:<name> and fact:<name>.
type Values map[string]string

// Digest is the identity of the values; that of no values is the digest of {}.
func (v Values) Digest() Digest {
	if len(v) == 0 {
		return noValues // of most slots of most fleets
	}
	b, err := json.Marshal(v) // keys are sorted by encoding/json
	if err != nil {
		panic("algebra: values: " + err.Error()) // a map of strings always encodes
	}
	return DigestOf(b)
}

var noValues = DigestOf([]byte("{}"))

// Equal reports whether both hold the same.
func (v Values) Equal(o Values) bool { return maps.Equal(v, o) }

// Values reads from a device what the deployment takes from it. missing names, sorted, the
// labels and facts that the device lacks.
func (d Deployment) Values(dev selectors.Attributes) (v Values, missing []string) {
	v = Values{}
	for ref, key := range d.refs() {
		if text, ok := dev.Value(key); ok {
			v[ref] = text
		} else {
			missing = append(missing, ref)
		}
	}
	slices.Sort(missing)
	return v, missing
}

// Takes lists the keys of the device the deployment's values come from, sorted.
func (d Deployment) Takes() []string { return slices.Sorted(maps.Keys(d.refs())) }

// TakesFrom lists the columns of the device that the deployment's values come from.
func (d Deployment) TakesFrom() []Key {
	var keys []Key
	for _, k := range d.refs() {
		keys = append(keys, Key{k.Label, k.Name})
	}
	slices.SortFunc(keys, Key.Compare)
	return keys
}

func (d Deployment) refs() map[string]selectors.Key {
	refs := map[string]selectors.Key{}
	for _, e := range d.workload().inputs() {
		switch {
		case e.FromLabel != "":
			refs["label:"+e.FromLabel] = selectors.Key{Label: true, Name: e.FromLabel}
		case e.FromFact != "":
			refs["fact:"+e.FromFact] = selectors.Key{Name: e.FromFact}
		}
	}
	return refs
}

// Environ is the container's environment on a device with these values, as NAME=text, sorted.
func (c Container) Environ(v Values) ([]string, error) {
	env := make([]string, 0, len(c.Env))
	for name, e := range c.Env {
		text, ok := e.Text(v)
		if !ok {
			return nil, fmt.Errorf("container %s: env %s: no value for it came with the release", c.Name, name)
		}
		env = append(env, name+"="+text)
	}
	slices.SortFunc(env, strings.Compare)
	return env, nil
}
