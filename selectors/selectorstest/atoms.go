package selectorstest

import (
	"maps"
	"math/rand"
	"slices"
	"strings"
	"time"

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
	"name":          {[]string{"edge001", "edge002", "gw7"}, nil},
	"tags":          {[]string{"gpu", "gpu,cam", " cam , lidar", "gpus"}, []string{""}},
	"ip":            {[]string{"10.0.0.7", "10.1.0.7", "fe80::1"}, []string{"none"}},
}

var (
	equality = []selectors.CompareOp{selectors.Equal, selectors.NotEqual}
	ordering = []selectors.CompareOp{selectors.Less, selectors.LessEqual, selectors.Greater, selectors.GreaterEqual}
)

// observed are values of what is seen of a device, and of its deployments.
var observed = map[string][]string{
	"heartbeat": {"2026-11-23T12:00:00Z", "2026-11-23T11:59:00Z", "2026-11-23T11:00:00+00:00", "2026-11-20T00:00:00Z"},
	"since":     {"2026-11-23T11:58:00Z", "2026-11-22T12:00:00Z"},
	"app":       {"web", "agent", "db"},
	"version":   {"2.1.0", "2.1", "2.2.0-rc.1", "nightly"},
	"phase":     {"Running", "Failed", "Pulling"},
	"restarts":  {"0", "3", "12"},
}

// Now is the time of every Device. Some of the values above are at most five minutes old.
var Now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// lengths are how long ago an atom may ask about: some values lie within, some do not.
var lengths = []string{"30s", "5m", "1h30m", "2d", "1w"}

// Atom is a random atom about the vocabulary's labels or an attribute. If the vocabulary has
// observed keys it may also ask what was seen of the device.
func (v Vocabulary) Atom(r *rand.Rand) selectors.Expr {
	switch n := r.Intn(12); {
	case n == 0:
		return selectors.Sample{Share: selectors.Percent(r.Intn(101) * 100), Seed: pick(r, []string{"a", "rollout-\"42\""})}
	case n < 4 && v.Observed:
		return v.observed(r)
	}
	key, values, ordered := v.key(r)
	return atom(r, key, values, ordered)
}

// observed is a random atom about what was seen of a device.
func (v Vocabulary) observed(r *rand.Rand) selectors.Expr {
	if r.Intn(3) == 0 {
		return instant(r, "heartbeat")
	}
	return selectors.Quant{Every: r.Intn(2) == 0, Collection: selectors.Deploy, By: element(r, r.Intn(3))}
}

// element is a random selector on a deployment of a device.
func element(r *rand.Rand, depth int) selectors.Expr {
	if depth == 0 {
		switch name := pick(r, selectors.ElementKeys()); name {
		case "since":
			return instant(r, name)
		case "version", "restarts":
			return atom(r, selectors.Key{Name: name}, constants(observed[name][:3], false), true)
		default:
			return atom(r, selectors.Key{Name: name}, constants(observed[name], true), false)
		}
	}
	if r.Intn(4) == 0 {
		return selectors.Not{X: element(r, depth-1)}
	}
	op := pick(r, []selectors.BinaryOp{selectors.Or, selectors.And, selectors.And})
	return selectors.Binary{Op: op, L: element(r, depth-1), R: element(r, depth-1)}
}

// instant is a random atom about a key that holds an instant.
func instant(r *rand.Rand, name string) selectors.Expr {
	key := selectors.Key{Name: name}
	switch r.Intn(4) {
	case 0:
		return atom(r, key, constants(observed[name], true), true)
	case 1:
		return selectors.Has{Key: key}
	}
	return selectors.Within{Key: key, Length: selectors.Value{Text: pick(r, lengths)}}
}

// atom is a random atom about a key that has such values.
func atom(r *rand.Rand, key selectors.Key, values []selectors.Value, ordered bool) selectors.Expr {
	kind := r.Intn(8)
	switch {
	case kind == 0:
		return selectors.Has{Key: key}
	case key.Name == "tags":
		return selectors.Contains{Key: key, Element: selectors.Value{Text: pick(r, []string{"gpu", "cam"}), Quoted: true}, Negated: r.Intn(2) == 0}
	case kind < 3:
		x := selectors.In{Key: key, Negated: r.Intn(2) == 0}
		for range 1 + r.Intn(3) {
			x.Values = append(x.Values, pick(r, values))
		}
		if (key.Name == "ip" || key.Cast == selectors.AsAddress) && r.Intn(2) == 0 {
			x.Values = []selectors.Value{{Text: "10.0.0.0/16"}}
		}
		return x
	case kind == 3 && textual(key):
		return selectors.Glob{Key: key, Pattern: pattern(r, values, "*", "?", "[a-m2-9]"), Negated: r.Intn(2) == 0}
	case kind == 4 && textual(key):
		op := pick(r, []selectors.CompareOp{selectors.Matches, selectors.NotMatches})
		return selectors.Compare{Key: key, Op: op, Value: pattern(r, values, ".*", ".", "(?i:[^b-z])", `[\s\S]`)}
	}
	ops := equality
	if ordered && r.Intn(3) > 0 {
		ops = ordering
	}
	return selectors.Compare{Key: key, Op: pick(r, ops), Value: pick(r, values)}
}

// textual reports whether globs and regular expressions apply to the key.
func textual(k selectors.Key) bool {
	return k.Cast == selectors.NoCast && (k.Label || slices.Contains([]string{"arch", "os", "model", "name", "app", "phase"}, k.Name))
}

// pattern is a value, of which a part is mostly replaced by something that fits more.
func pattern(r *rand.Rand, values []selectors.Value, wild ...string) selectors.Value {
	var quiet []string // values that mean themselves in patterns
	for _, v := range values {
		if !strings.ContainsAny(v.Text, "\t\"()+") {
			quiet = append(quiet, v.Text)
		}
	}
	text := pick(r, quiet)
	if n := r.Intn(len(text) + 1); r.Intn(4) > 0 && n < len(text) {
		text = text[:n] + pick(r, wild)
		if r.Intn(2) == 0 {
			text += wild[0]
		}
	}
	return selectors.Value{Text: text, Quoted: true}
}

// unordered are the attributes whose values have no order.
var unordered = []string{"arch", "os", "model", "name", "tags", "ip"}

// key is a random key, constants that fit it, and whether it has an order.
func (v Vocabulary) key(r *rand.Rand) (selectors.Key, []selectors.Value, bool) {
	labels := slices.Sorted(maps.Keys(v.Labels))
	if len(labels) == 0 || r.Intn(2) == 0 {
		name := pick(r, slices.Sorted(maps.Keys(attributes)))
		ordered := !slices.Contains(unordered, name)
		return selectors.Key{Name: name}, constants(attributes[name].readable, !ordered), ordered
	}
	key := selectors.Key{Label: true, Name: pick(r, labels)}
	switch r.Intn(5) {
	case 0:
		key.Cast = selectors.AsNumber
		return key, constants([]string{"0", "1", "1.5", "-2"}, false), true
	case 1:
		key.Cast = selectors.AsVersion
		return key, constants([]string{"1.4.0", "1.4.0-rc.1", "1.10", "2"}, false), true
	case 2:
		key.Cast = selectors.AsAddress
		return key, constants([]string{"10.0.0.1", "fe80::1"}, true), false
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
