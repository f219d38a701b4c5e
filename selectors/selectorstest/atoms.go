package selectorstest

import (
	"maps"
	"math/rand"
	"reflect"
	"slices"

	"github.com/leanovate/gopter"

	"github.com/musterfleet/muster/selectors"
)

// attributes are values of some attributes, one of every kind. A device may hold those that
// cannot be read as well; an expression may not.
var attributes = map[string]struct{ readable, unreadable []string }{
	"arch":          {[]string{"aarch64", "x86_64"}, nil},
	"os":            {[]string{"linux", "illumos"}, nil},
	"model":         {[]string{"rpi4", "NUC 11\t\"pro\""}, nil},
	"mem":           {[]string{"1GiB", "1.5GiB", "1024MiB", "2G"}, []string{"much"}},
	"cpus":          {[]string{"1", "4", "04", "-1"}, []string{"1.5", ""}},
	"os.version":    {[]string{"22.04", "22.4", "24.04", "12"}, []string{"rolling"}},
	"kernel":        {[]string{"6.1", "6.1.0", "6.2-rc1"}, []string{"unknown"}},
	"agent.version": {[]string{"0.9.0", "0.9.0-rc.2", "0.9.0-rc.10", "0.9.0+b1"}, []string{"dev"}},
	"ip":            {[]string{"10.0.0.7", "10.1.0.7", "fe80::1"}, []string{"none"}},
}

var (
	equality = []selectors.CompareOp{selectors.Equal, selectors.NotEqual}
	ordering = []selectors.CompareOp{selectors.Less, selectors.LessEqual, selectors.Greater, selectors.GreaterEqual}
)

// Atom is a random atom about the vocabulary's labels or an attribute.
func (v Vocabulary) Atom(r *rand.Rand) selectors.Expr {
	key, values, ordered := v.key(r)
	switch r.Intn(6) {
	case 0:
		return selectors.Has{Key: key}
	case 1, 2:
		x := selectors.In{Key: key, Negated: r.Intn(2) == 0}
		for range 1 + r.Intn(3) {
			x.Values = append(x.Values, pick(r, values))
		}
		if key.Name == "ip" && r.Intn(2) == 0 {
			x.Values = []selectors.Value{{Text: "10.0.0.0/16"}}
		}
		return x
	}
	ops := equality
	if ordered && r.Intn(3) > 0 {
		ops = ordering
	}
	return selectors.Compare{Key: key, Op: pick(r, ops), Value: pick(r, values)}
}

// key is a random key, constants that fit it, and whether it has an order.
func (v Vocabulary) key(r *rand.Rand) (selectors.Key, []selectors.Value, bool) {
	labels := slices.Sorted(maps.Keys(v.Labels))
	if len(labels) == 0 || r.Intn(2) == 0 {
		name := pick(r, slices.Sorted(maps.Keys(attributes)))
		ordered := !slices.Contains([]string{"arch", "os", "model", "ip"}, name)
		return selectors.Key{Name: name}, constants(attributes[name].readable, !ordered), ordered
	}
	key := selectors.Key{Label: true, Name: pick(r, labels)}
	switch r.Intn(3) {
	case 0:
		key.Cast = selectors.AsNumber
		return key, constants([]string{"0", "1", "1.5", "-2"}, false), true
	case 1:
		key.Cast = selectors.AsVersion
		return key, constants([]string{"1.4.0", "1.4.0-rc.1", "1.10", "2"}, false), true
	}
	return key, constants(v.Labels[key.Name], true), false
}

func constants(texts []string, quoted bool) []selectors.Value {
	var list []selectors.Value
	for _, t := range texts {
		list = append(list, selectors.Value{Text: t, Quoted: quoted})
	}
	return list
}

// Device is a device of a test: labels by label("k"), attributes by their names.
type Device map[string]string

// Value is the value of a key, as a selector sees it.
func (d Device) Value(k selectors.Key) (string, bool) {
	k.Cast = selectors.NoCast
	value, ok := d[k.String()]
	return value, ok
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
		return &gopter.GenResult{Result: d, ResultType: reflect.TypeFor[Device](), Shrinker: gopter.NoShrinker}
	}
}
