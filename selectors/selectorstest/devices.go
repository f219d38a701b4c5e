package selectorstest

import (
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/leanovate/gopter"

	"github.com/musterfleet/muster/selectors"
)

// Device is a device of a test: labels by label("k"), attributes by their names, and what it
// runs by deploy[0].app, deploy[0].phase and so on. Its id is its name.
type Device map[string]string

// Value is the value of a key, as a selector sees it.
func (d Device) Value(k selectors.Key) (string, bool) {
	k.Cast = selectors.NoCast
	if !k.Label && k.Name == "id" {
		k.Name = "name"
	}
	value, ok := d[k.String()]
	return value, ok
}

// Now is the time at which the device is seen.
func (d Device) Now() time.Time { return Now }

// Elements yields what a device runs.
func (d Device) Elements(collection string) iter.Seq[selectors.Attributes] {
	return func(yield func(selectors.Attributes) bool) {
		for i := 0; ; i++ {
			e, prefix := Device{}, fmt.Sprintf("%s[%d].", collection, i)
			for key, value := range d {
				if name, ok := strings.CutPrefix(key, prefix); ok {
					e[name] = value
				}
			}
			if len(e) == 0 || !yield(e) {
				return
			}
		}
	}
}

// Devices makes devices with values of the vocabulary. About a third of the keys are
// absent, and some values cannot be read as their key's are.
func (v Vocabulary) Devices() gopter.Gen {
	return func(p *gopter.GenParameters) *gopter.GenResult {
		r, d := p.Rng, Device{}
		for _, name := range slices.Sorted(maps.Keys(attributes)) {
			if a := attributes[name]; r.Intn(3) > 0 {
				d[name] = pick(r, slices.Concat(a.readable, a.readable, a.unreadable))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(v.Labels)) {
			if r.Intn(3) > 0 {
				d[selectors.Key{Label: true, Name: name}.String()] = pick(r, v.Labels[name])
			}
		}
		if v.Observed {
			if r.Intn(3) > 0 {
				d[selectors.Heartbeat] = pick(r, observed[selectors.Heartbeat])
			}
			for i := range r.Intn(4) {
				d[fmt.Sprintf("%s[%d].app", selectors.Deploy, i)] = pick(r, observed["app"])
				for _, name := range selectors.ElementKeys()[1:] {
					if r.Intn(6) > 0 {
						d[fmt.Sprintf("%s[%d].%s", selectors.Deploy, i, name)] = pick(r, observed[name])
					}
				}
			}
		}
		return &gopter.GenResult{Result: d, ResultType: reflect.TypeFor[Device](), Shrinker: gopter.NoShrinker}
	}
}
