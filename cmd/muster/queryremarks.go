package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// remarks are all that is likely a slip in an expression whose devices, or those it makes
// claims at, are f.
func (g ground) remarks(b *selectors.Bound, f algebra.Fleet) []remark {
	out := notes(b.Expr(), g.roster)
	seen := compared{ground: g}
	seen.expr(b.Expr())
	out = append(out, seen.unseen...)
	out = append(out, g.vacuous(b, f)...)
	if g.unobserved(b) {
		return append(out, remark{"nothing is known here of heartbeats and of what devices run", "a roster holds labels and facts; ask a fleet by --nats URL, or a --snapshot FILE of one"})
	}
	out = append(out, admitted(b, f)...)
	if seen.every && !f.IsEmpty() {
		if idle := f.Minus(g.running()).Len(); idle > 0 {
			out = append(out, remark{fmt.Sprintf("%d of %d run nothing", idle, f.Len()), "every(…) admits them; any(" + selectors.Deploy + ": true) & … leaves them out"})
		}
	}
	return out
}

// slips are what is likely one in the names of a World, on these devices: warnings, and errors
// where the World is strict.
func (g ground) slips() diag.List {
	var out diag.List
	severity := diag.Warning
	if g.world.Strict {
		severity = diag.Error
	}
	for _, d := range g.definitions() {
		seen := compared{ground: g}
		seen.expr(d.Expr.Expr())
		f := g.devices(d.Expr, d.Expr.Expr())
		for _, r := range slices.Concat(notes(d.Expr.Expr(), g.roster), seen.unseen, admitted(d.Expr, f)) {
			out = append(out, diag.Diagnostic{Severity: severity, File: d.Source.File, Line: d.Source.Line, Message: "@" + d.Name + ": " + r.text, Hint: r.hint})
		}
	}
	return out
}

// vacuousNodes bounds the work of finding out that an answer could be no other.
const vacuousNodes = 20_000

// vacuous remarks on an expression that has the same answer whatever devices there are. Only one
// that has all devices here, or none, can be such.
func (g ground) vacuous(b *selectors.Bound, f algebra.Fleet) []remark {
	whole := f.Len() == g.roster.Len()
	if !whole && !f.IsEmpty() || b.Sort() == selectors.AssignmentSort || b.Takes() || len(selectors.Children(b.Expr())) == 0 {
		return nil
	}
	space, err := analysis.NewSpace(analysis.Options{Now: g.reality.ObservedAt, Nodes: vacuousNodes}, analysis.Of(b))
	if err != nil {
		return nil // it would take too long: nothing is said
	}
	if never, err := space.Set(0).IsEmpty(); err == nil && never {
		return []remark{{"no device can match, whatever it has", "muster analyze sat, or :sat at the prompt, shows which parts exclude each other"}}
	}
	if always, err := space.All().Within(space.Set(0)); whole && err == nil && always {
		return []remark{{"every device matches, whatever it has", "muster analyze lint, or :lint at the prompt, shows what does nothing"}}
	}
	return nil
}

// unobserved reports whether an expression asks what no source of this ground says.
func (g ground) unobserved(b *selectors.Bound) bool {
	return b.Effect() != selectors.Static && len(g.reality.Records) == 0 && len(g.reality.Slots) == 0
}

// running is the devices that run something.
func (g ground) running() algebra.Fleet {
	return g.admitting(selectors.Quant{Collection: selectors.Deploy, By: selectors.Const{Value: true}})
}

// admitting is the devices a selector without names admits.
func (g ground) admitting(x selectors.Expr) algebra.Fleet {
	b, err := selectors.Bind(x, selectors.Scope{})
	if err != nil {
		return g.roster.All() // nothing can be said of it
	}
	return g.demand.Fleet(b)
}

// compared looks at what an expression compares keys with: a text that no device has makes a
// set empty, or whole, in silence.
type compared struct {
	ground ground
	unseen []remark
	every  bool // there is an every(…)
	asked  int
}

// mostAsked is how many constants are looked up, mostValues how many values are read for a hint.
const (
	mostAsked  = 50
	mostValues = 10_000
)

func (c *compared) expr(x selectors.Expr) {
	switch x := x.(type) {
	case selectors.Compare:
		if x.Op == selectors.Equal || x.Op == selectors.NotEqual {
			c.value(x.Key, x.Value)
		}
	case selectors.In:
		for _, v := range x.Values {
			c.value(x.Key, v)
		}
	case selectors.Not:
		c.expr(x.X)
	case selectors.Binary:
		c.expr(x.L)
		c.expr(x.R)
	case selectors.Filter:
		c.expr(x.X)
		c.expr(x.By)
	case selectors.Take:
		c.expr(x.X)
	case selectors.Rule:
		c.expr(x.From)
	case selectors.Quant:
		c.every = c.every || x.Every
	case selectors.Const, selectors.Universe, selectors.Has, selectors.Glob, selectors.Contains, selectors.Within, selectors.Sample, selectors.Name, selectors.Nodes:
	}
}

func (c *compared) value(k selectors.Key, v selectors.Value) {
	plain := plainKey(k)
	if c.asked++; c.asked > mostAsked || absent(c.ground.roster, plain) || k.Name == selectors.Heartbeat && !k.Label {
		return
	}
	one := selectors.In{Key: k, Values: []selectors.Value{v}}
	if !c.ground.admitting(one).IsEmpty() {
		return
	}
	hint := ""
	if values := c.ground.roster.Values(algebra.Key{Label: k.Label, Name: k.Name}, mostValues); values != nil {
		if near, ok := selectors.Nearest(v.Text, values); ok {
			hint = "did you mean " + strconv.Quote(near) + "?"
		} else if len(values) <= 8 {
			hint = "values in use: " + quotedList(values)
		}
	}
	text := "no device has " + selectors.Print(one)
	if equal := (selectors.Compare{Key: k, Op: selectors.Equal, Value: v}); !strings.Contains(v.Text, "/") || k.Label {
		text = "no device has " + selectors.Print(equal)
	}
	if !slices.ContainsFunc(c.unseen, func(r remark) bool { return r.text == text }) {
		c.unseen = append(c.unseen, remark{text, hint})
	}
}

func quotedList(words []string) string {
	text := ""
	for i, w := range words {
		if i > 0 {
			text += ", "
		}
		text += strconv.Quote(w)
	}
	return text
}
