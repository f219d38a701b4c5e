package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// why is the part of an explanation that decides one device: where it is admitted the parts
// that suffice for that, where it is not those that stand in the way.
func (p part) why(g ground, ordinal uint32) tree {
	in := p.fleet.Contains(ordinal)
	t := tree{head: mark(in), text: p.text}
	switch x := p.expr.(type) {
	case selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has:
		k := x.(selectors.Atom).Subject()
		t.tail = actual(g.roster, ordinal, k)
		if _, has := g.roster.Attributes(ordinal).Value(plainKey(k)); has {
			t.tail += g.cites.label(g.roster.ID(ordinal), k)
		}
	case selectors.Quant:
		t.tail = g.runs(ordinal)
	case selectors.Within:
		t.tail = g.heard(ordinal)
	case selectors.Name:
		t.tail = g.cites.name(x.Name)
	case selectors.Const, selectors.Universe, selectors.Nodes, selectors.Sample, selectors.Take,
		selectors.Not, selectors.Binary, selectors.Filter, selectors.Rule:
	}
	for _, q := range p.deciding(ordinal) {
		t.below = append(t.below, q.why(g, ordinal))
	}
	return t
}

// runs says what a device reports to run.
func (g ground) runs(ordinal uint32) string {
	var texts []string
	for slot, state := range g.reality.Slots {
		if slot.Device == g.roster.ID(ordinal) {
			texts = append(texts, fmt.Sprintf("%s %s", slot.App, state.Phase))
		}
	}
	if len(texts) == 0 {
		return "runs nothing"
	}
	slices.Sort(texts)
	return "has " + strings.Join(texts, ", ")
}

// heard says when a device was heard of last.
func (g ground) heard(ordinal uint32) string {
	at := g.reality.Records[g.roster.ID(ordinal)].Heard
	if at.IsZero() {
		return "was never heard of"
	}
	return fmt.Sprintf("was heard of %s ago", g.reality.ObservedAt.Sub(at).Round(time.Second))
}

func mark(in bool) string {
	if in {
		return "✓"
	}
	return "✗"
}

// deciding are the parts that force the verdict on a device.
func (p part) deciding(ordinal uint32) []part {
	in := p.fleet.Contains(ordinal)
	var admit, refuse []part
	for _, q := range p.parts {
		if q.fleet.Contains(ordinal) {
			admit = append(admit, q)
		} else {
			refuse = append(refuse, q)
		}
	}
	switch x := p.expr.(type) {
	case selectors.Binary:
		switch x.Op {
		case selectors.Or:
			if in && len(admit) > 0 {
				return admit[:1]
			}
		case selectors.And:
			if !in && len(refuse) > 0 {
				return refuse
			}
		case selectors.Minus:
			left, right := p.parts[0], p.parts[1]
			switch {
			case in:
			case !left.fleet.Contains(ordinal):
				return []part{left}
			default:
				return []part{right}
			}
		case selectors.Xor:
		}
	case selectors.Filter:
		if !in && len(refuse) > 0 {
			return refuse
		}
	case selectors.Const, selectors.Universe, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Quant, selectors.Sample, selectors.Nodes, selectors.Name, selectors.Not, selectors.Take, selectors.Rule:
	}
	return p.parts
}

// actual says what a device has at a key.
func actual(r *algebra.Roster, ordinal uint32, k selectors.Key) string {
	k = plainKey(k)
	v, ok := r.Attributes(ordinal).Value(k)
	switch {
	case ok:
		return "has " + strconv.Quote(v)
	case k.Label:
		return "has no such label"
	}
	return fmt.Sprintf("does not report %s", k)
}

// ordinal finds a device by its name.
func (g ground) ordinal(name string) (uint32, error) {
	if id, err := algebra.ParseDeviceID(name); err == nil {
		if ordinal, ok := g.roster.Ordinal(id); ok {
			return ordinal, nil
		}
	}
	if g.roster.Len() > mostNear {
		return 0, fmt.Errorf("no device %s", name)
	}
	if g.roster.Len() == 0 {
		return 0, fmt.Errorf("no device %s: there are no devices; name them by --roster FILE, --snapshot FILE or --nats URL", name)
	}
	return 0, fmt.Errorf("no device %s; %s", name, suggest(name, ids(g.roster.All()), `all[name = "…"] finds one`))
}

// mostNear is how many devices are looked through for a name like a wrong one.
const mostNear = 20_000

// because tells why a device is admitted or not.
func (g ground) because(b *selectors.Bound, ordinal uint32, wide int) []string {
	p := g.explain(b)
	verdict := " is admitted:"
	if !p.fleet.Contains(ordinal) {
		verdict = " is not admitted:"
	}
	return append([]string{g.roster.ID(ordinal).String() + verdict}, p.why(g, ordinal).lines(wide)...)
}

// errNoMember is for who asks whether a device is in an assignment.
var errNoMember = errors.New("a device is in a fleet or not; of an assignment ask about the fleet before its ->")

// unless tells what would have to change for a device to be admitted.
func (g ground) unless(b *selectors.Bound, ordinal uint32, wide int) ([]string, error) {
	id := g.roster.ID(ordinal).String()
	p := g.explain(b)
	if p.fleet.Contains(ordinal) {
		return []string{id + " is admitted; :why says why"}, nil
	}
	if told, err := g.changes(b, ordinal); err != nil || len(told) > 0 {
		return told, err
	}
	return append([]string{id + " is not admitted, and no change of its labels and facts would alter that:"}, p.why(g, ordinal).lines(wide)...), nil
}

// changes tells the ways of fewest changes; there may be none.
func (g ground) changes(b *selectors.Bound, ordinal uint32) ([]string, error) {
	ways, err := g.whynot(b, ordinal)
	if err != nil || len(ways) == 0 || len(ways[0]) == 0 {
		return nil, err
	}
	out := []string{fmt.Sprintf("%s would be admitted with %s:", g.roster.ID(ordinal), counted(len(ways[0]), "change", "changes"))}
	for i, way := range ways {
		if i == mostWays {
			out = append(out, "  or in more ways")
			break
		}
		var texts []string
		for _, c := range way {
			texts = append(texts, fmt.Sprintf("%s (it %s)", c.text(), actual(g.roster, ordinal, c.key)))
		}
		lead := "  "
		if i > 0 {
			lead = "  or "
		}
		out = append(out, lead+strings.Join(texts, " and "))
	}
	return out, nil
}
