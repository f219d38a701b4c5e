package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// change is a key of a device and the value it would need; absent where present is false.
type change struct {
	key     selectors.Key
	value   string
	present bool
}

// Bounds of the search: how many keys may change at once, and how many values of a key in
// use are looked at.
const (
	mostChanges  = 3
	valuesLooked = 200
)

// altered is a device with some keys other than they are.
type altered struct {
	device  selectors.Attributes
	changes []change
}

func (c altered) Value(k selectors.Key) (string, bool) {
	for _, ch := range c.changes {
		if ch.key.Label == k.Label && ch.key.Name == k.Name {
			return ch.value, ch.present
		}
	}
	return c.device.Value(k)
}

// whynot finds the fewest changes of keys after which the expression admits the device: all
// ways of that least number, labels before facts. The values tried are those in use and those
// the expression names, one for each way that its atoms can tell values apart.
func (g ground) whynot(p part, ordinal uint32) [][]change {
	device := g.reality.Of(g.roster).Attributes(ordinal)
	atoms := map[selectors.Key][]selectors.Atom{}
	p.atoms(atoms)
	keys := slices.SortedFunc(maps.Keys(atoms), func(a, b selectors.Key) int {
		if a.Label != b.Label {
			if a.Label {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	options := make([][]change, len(keys))
	for i, k := range keys {
		options[i] = g.options(k, atoms[k], device)
	}
	var found [][]change
	var try func(from int, left int, made []change)
	try = func(from, left int, made []change) {
		if left == 0 {
			if p.holds(altered{device, made}, ordinal) {
				found = append(found, slices.Clone(made))
			}
			return
		}
		for i := from; i < len(keys); i++ {
			for _, o := range options[i] {
				try(i+1, left-1, append(made, o))
			}
		}
	}
	for n := 1; n <= min(mostChanges, len(keys)) && len(found) == 0; n++ {
		try(0, n, nil)
	}
	return found
}

// atoms collects the atoms by the keys a device can change: its id is none, nor is when it was
// heard.
func (p part) atoms(of map[selectors.Key][]selectors.Atom) {
	if a, ok := p.expr.(selectors.Atom); ok {
		k := plainKey(a.Subject())
		if k.Label || k.Name != "name" && k.Name != "id" && k.Name != selectors.Heartbeat {
			of[k] = append(of[k], a)
		}
	}
	for _, q := range p.parts {
		q.atoms(of)
	}
}

// options are the values of a key that the atoms tell apart from each other and from what
// the device has: the most frequent one of each kind.
func (g ground) options(k selectors.Key, atoms []selectors.Atom, device selectors.Attributes) []change {
	verdict := func(value string, present bool) string {
		var b strings.Builder
		for _, a := range atoms {
			b.WriteString(strconv.FormatBool(a.Holds(value, present))[:1])
		}
		return b.String()
	}
	value, present := device.Value(k)
	seen := map[string]bool{verdict(value, present): true}
	var out []change
	offer := func(value string, present bool) {
		if v := verdict(value, present); !seen[v] {
			seen[v] = true
			out = append(out, change{k, value, present})
		}
	}
	for _, a := range atoms {
		for _, v := range constants(a) {
			offer(v, true)
		}
	}
	values, _ := g.values(g.roster.All(), algebra.Key{Label: k.Label, Name: k.Name})
	for _, v := range values[:min(len(values), valuesLooked)] {
		offer(v.value, true)
	}
	offer("", false)
	return out
}

// constants are the values an atom names.
func constants(a selectors.Atom) []string {
	switch a := a.(type) {
	case selectors.Compare:
		return []string{a.Value.Text}
	case selectors.In:
		var out []string
		for _, v := range a.Values {
			out = append(out, v.Text)
		}
		return out
	case selectors.Contains:
		return []string{a.Element.Text}
	case selectors.Glob, selectors.Has:
	}
	return nil
}

// holds decides the part on a device whose keys differ from what the roster says. What does
// not depend on keys stays as it is.
func (p part) holds(d selectors.Attributes, ordinal uint32) bool {
	all := func(want bool) bool {
		for _, q := range p.parts {
			if q.holds(d, ordinal) != want {
				return false
			}
		}
		return true
	}
	switch x := p.expr.(type) {
	case selectors.Const:
		return x.Value
	case selectors.Universe:
		return !x.Empty
	case selectors.Compare:
		return x.Holds(d.Value(x.Key))
	case selectors.In:
		return x.Holds(d.Value(x.Key))
	case selectors.Glob:
		return x.Holds(d.Value(x.Key))
	case selectors.Contains:
		return x.Holds(d.Value(x.Key))
	case selectors.Has:
		return x.Holds(d.Value(x.Key))
	case selectors.Not:
		return all(false)
	case selectors.Filter, selectors.Rule, selectors.Name:
		return all(true)
	case selectors.Binary:
		switch x.Op {
		case selectors.And:
			return all(true)
		case selectors.Or:
			return !all(false)
		case selectors.Minus:
			return p.parts[0].holds(d, ordinal) && !p.parts[1].holds(d, ordinal)
		case selectors.Xor:
			return p.parts[0].holds(d, ordinal) != p.parts[1].holds(d, ordinal)
		}
	case selectors.Within, selectors.Quant, selectors.Sample, selectors.Nodes, selectors.Take:
	}
	return p.fleet.Contains(ordinal)
}

// text is the change as it is told.
func (c change) text() string {
	if !c.present {
		return "without " + c.key.String()
	}
	return c.key.String() + " = " + strconv.Quote(c.value)
}
