package main

import (
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// analyst answers questions about all devices there could be, and beside them about those there
// are.
type analyst struct {
	ground  ground
	scope   selectors.Scope
	assumed []posed
}

// posed is an expression that is asked about, and where its text stands.
type posed struct {
	at    diag.Source
	bound *selectors.Bound
}

func (p posed) text() string { return selectors.Print(p.bound.Expr()) }

// posed reads an expression. One that is a set of devices is wanted unless claims may be asked.
func (a analyst) posed(at diag.Source, claims bool) (posed, error) {
	expr, err := selectors.Parse(at.Text[at.Offset:])
	if err != nil {
		return posed{}, placed(at, err)
	}
	b, err := a.ground.bind(expr, a.scope, at)
	switch {
	case err != nil:
		return posed{}, err
	case !claims && b.Sort() == selectors.AssignmentSort:
		return posed{}, diag.List{at.At(expr.Span().Start, expr.Span().End, "this question is about devices, and this is an assignment", "ask about the fleet before its ->, or about its conflicts or cover")}
	case claims && b.Sort() != selectors.AssignmentSort:
		return posed{}, diag.List{at.At(expr.Span().Start, expr.Span().End, "this question is about rules, and this is "+b.Sort().String(), "write F -> {app@version}, or name an assignment")}
	}
	return posed{at, b}, nil
}

// options are what is taken for granted: the assumptions, and that values in use are likelier.
func (a analyst) options() analysis.Options {
	o := analysis.Options{Now: a.ground.reality.ObservedAt, Seen: a.ground.inUse(nil)}
	for _, p := range a.assumed {
		o.Assume = append(o.Assume, analysis.Of(p.bound))
	}
	return o
}

// valuesLooked is how many values of a key in use a witness may be given.
const valuesLooked = 200

// inUse are the values of a key that devices have, the most frequent first, before them that of
// one device, if there is one.
func (g ground) inUse(device selectors.Attributes) func(selectors.Key) []string {
	return func(k selectors.Key) []string {
		var out []string
		if device != nil {
			if value, ok := device.Value(k); ok {
				out = append(out, value)
			}
		}
		if !k.Label && !isFact(k) {
			return out
		}
		values, _ := g.values(g.roster.All(), algebra.Key{Label: k.Label, Name: k.Name})
		for _, v := range values[:min(len(values), valuesLooked)] {
			out = append(out, v.value)
		}
		return out
	}
}

// isFact reports whether a roster has a column for the key.
func isFact(k selectors.Key) bool {
	switch k.Name {
	case "id", "name", selectors.Heartbeat:
		return false
	}
	for _, name := range selectors.ElementKeys() {
		if name == k.Name {
			return false
		}
	}
	return true
}

// assuming are the assumptions as every answer tells them.
func (a analyst) assuming() []string {
	out := []string{}
	for _, p := range a.assumed {
		out = append(out, p.text())
	}
	return out
}

// actual are the devices there are of a set; nil where there are none to look at.
func (a analyst) actual(f func() algebra.Fleet) *algebra.Fleet {
	if a.ground.roster.Len() == 0 {
		return nil
	}
	out := f()
	return &out
}

func (a analyst) fleet(p posed) algebra.Fleet { return a.ground.demand.Fleet(p.bound) }

// separated cuts the text of a question in two at a sign that stands outside quotes and brackets.
func separated(text, sign string) (at int, ok bool) {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth--
		case depth == 0 && strings.HasPrefix(text[i:], sign):
			if sign == "~" && i > 0 && (text[i-1] == '=' || text[i-1] == '!') {
				continue // an operator
			}
			return i, true
		}
	}
	return 0, false
}
