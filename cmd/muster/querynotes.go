package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// remark is something about an expression that is no error, and yet is likely a slip.
type remark struct{ text, hint string }

// notes remarks on nodes that are no devices and on keys that no device has: either makes a
// set smaller than its author thinks, in silence. has() is left out, as it asks just that, and
// so are the definitions behind names, as who asks did not write them.
func notes(x selectors.Expr, r *algebra.Roster) []remark {
	seen := noted{keys: map[selectors.Key]bool{}}
	seen.expr(x)
	var out []remark
	if unknown := slices.DeleteFunc(seen.nodes, func(n string) bool { return known(r, n) }); len(unknown) > 0 {
		slices.Sort(unknown)
		unknown = slices.Compact(unknown)
		one, many := "is no known device", "are no known devices"
		out = append(out, remark{fmt.Sprintf("%s %s", selectors.Fold(unknown), map[bool]string{true: one, false: many}[len(unknown) == 1]), ""})
	}
	for _, k := range seen.order {
		if !absent(r, k) {
			continue
		}
		switch {
		case k.Label:
			out = append(out, remark{fmt.Sprintf("no device has %s", k), keyHint(k, r)})
		case !absent(r, selectors.Key{Label: true, Name: k.Name}):
			out = append(out, remark{fmt.Sprintf("no device reports %s", k.Name), fmt.Sprintf("some have the label of that name: write %s", selectors.Key{Label: true, Name: k.Name})})
		default:
			out = append(out, remark{fmt.Sprintf("no device reports %s", k.Name), ""})
		}
	}
	return out
}

func known(r *algebra.Roster, name string) bool {
	id, err := algebra.ParseDeviceID(name)
	if err != nil {
		return false
	}
	_, ok := r.Ordinal(id)
	return ok
}

func absent(r *algebra.Roster, k selectors.Key) bool {
	if !k.Label && (k.Name == "name" || k.Name == "id") {
		return false
	}
	return !slices.Contains(r.Keys(), algebra.Key{Label: k.Label, Name: k.Name})
}

func keyHint(k selectors.Key, r *algebra.Roster) string {
	if near, ok := selectors.Nearest(k.Name, r.LabelKeys()); ok {
		return fmt.Sprintf("did you mean %s?", selectors.Key{Label: true, Name: near})
	}
	if slices.Contains(selectors.AttributeNames(), k.Name) && !absent(r, selectors.Key{Name: k.Name}) {
		return "devices report it as a fact: write " + k.Name
	}
	if labels := r.LabelKeys(); len(labels) > 0 && len(labels) <= 12 {
		return "labels in use: " + strings.Join(labels, ", ")
	}
	return ""
}

// noted collects the nodes and keys of an expression.
type noted struct {
	nodes []string
	keys  map[selectors.Key]bool
	order []selectors.Key
	casts bool // keys under different casts are different
}

func (n *noted) expr(x selectors.Expr) {
	switch x := x.(type) {
	case selectors.Const, selectors.Universe, selectors.Has, selectors.Name, selectors.Within, selectors.Quant, selectors.Sample:
	case selectors.Compare:
		n.key(x.Key)
	case selectors.In:
		n.key(x.Key)
	case selectors.Glob:
		n.key(x.Key)
	case selectors.Contains:
		n.key(x.Key)
	case selectors.Not:
		n.expr(x.X)
	case selectors.Take:
		n.expr(x.X)
	case selectors.Binary:
		n.expr(x.L)
		n.expr(x.R)
	case selectors.Nodes:
		n.nodes = append(n.nodes, x.Names...)
	case selectors.Filter:
		n.expr(x.X)
		n.expr(x.By)
	case selectors.Rule:
		n.expr(x.From)
	}
}

func (n *noted) key(k selectors.Key) {
	if k = unplaced(k); !n.casts {
		k = plainKey(k)
	}
	if !n.keys[k] {
		n.keys[k] = true
		n.order = append(n.order, k)
	}
}

// admitted remarks on devices of the answer that lack a key which a negative atom asks about:
// the atom is true of them, which its author may not have thought of. Who writes has() of the
// key has thought of it.
func admitted(b *selectors.Bound, f algebra.Fleet) []remark {
	n := negative{asked: map[selectors.Key]bool{}}
	n.expr(b.Expr(), false)
	var out []remark
	for _, a := range n.atoms {
		k := plainKey(a.Subject())
		if n.asked[k] || f.IsEmpty() || absent(f.Roster(), k) {
			continue
		}
		n.asked[k] = true
		_, without := f.Partition(algebra.Key{Label: k.Label, Name: k.Name})
		if without.IsEmpty() || !k.Label && (k.Name == "name" || k.Name == "id") {
			continue
		}
		lack := fmt.Sprintf("%d of %d have no %s", without.Len(), f.Len(), k)
		if !k.Label {
			lack = fmt.Sprintf("%d of %d do not report %s", without.Len(), f.Len(), k)
		}
		out = append(out, remark{lack, fmt.Sprintf("%s admits them; has(%s) & … leaves them out", n.text(a), k)})
	}
	return out
}

// unreadable remarks on values that cannot be read as what the expression compares them as: the
// devices that have them count as lacking the key.
func unreadable(x selectors.Expr, r *algebra.Roster) []remark {
	seen := noted{keys: map[selectors.Key]bool{}, casts: true}
	seen.expr(x)
	var out []remark
	for _, k := range seen.order {
		at := algebra.Key{Label: k.Label, Name: k.Name}
		have := r.Values(at, math.MaxInt)
		if have = slices.DeleteFunc(have, k.Reads); len(have) == 0 {
			continue
		}
		devices, parts := 0, map[string]int{}
		all, absent := r.All().Partition(at)
		for _, p := range all {
			parts[p.Value] = p.Fleet.Len()
		}
		often := have[0]
		for _, v := range have {
			devices += parts[v]
			if parts[v] > parts[often] {
				often = v
			}
		}
		out = append(out, remark{fmt.Sprintf("%s is not %s on %d of the %d devices that have it, such as %q", plainKey(k), k.Noun(), devices, r.Len()-absent.Len(), often), "to this expression they lack it"})
	}
	return out
}

// plainKey is a key as a device has it: without place and cast.
func plainKey(k selectors.Key) selectors.Key { return selectors.Key{Label: k.Label, Name: k.Name} }

// negative collects the atoms that are true of an absent key, as they stand in the expression.
type negative struct {
	atoms []selectors.Atom
	asked map[selectors.Key]bool // keys that has() asks about
}

func (n *negative) text(a selectors.Atom) string {
	if a.Holds("", false) {
		return selectors.Print(a)
	}
	return "!(" + selectors.Print(a) + ")"
}

func (n *negative) expr(x selectors.Expr, negated bool) {
	switch x := x.(type) {
	case selectors.Const, selectors.Universe, selectors.Name, selectors.Nodes, selectors.Within, selectors.Quant, selectors.Sample:
	case selectors.Glob:
		n.atom(x, negated)
	case selectors.Contains:
		n.atom(x, negated)
	case selectors.Take:
		n.expr(x.X, negated)
	case selectors.Has:
		n.asked[plainKey(x.Key)] = true
	case selectors.Compare:
		n.atom(x, negated)
	case selectors.In:
		n.atom(x, negated)
	case selectors.Not:
		n.expr(x.X, !negated)
	case selectors.Binary:
		n.expr(x.L, negated)
		n.expr(x.R, negated != (x.Op == selectors.Minus))
	case selectors.Filter:
		n.expr(x.X, negated)
		n.expr(x.By, negated)
	case selectors.Rule:
		n.expr(x.From, negated)
	}
}

func (n *negative) atom(a selectors.Atom, negated bool) {
	if a.Holds("", false) != negated {
		n.atoms = append(n.atoms, a)
	}
}
