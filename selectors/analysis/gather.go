package analysis

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterfleet/muster/selectors"
)

// gatherer turns predicates into terms, and notes the atoms of each variable on the way.
type gatherer struct {
	options   Options
	variables []*variable
	byName    map[string]int
	bounds    map[*selectors.Bound]term // names, once each
}

func newGatherer(o Options) *gatherer {
	return &gatherer{options: o, byName: map[string]int{}, bounds: map[*selectors.Bound]term{}}
}

func (g *gatherer) term(p Predicate) term {
	switch p := p.(type) {
	case part:
		return g.expr(p.bound, p.expr)
	case both:
		out := conjunction{}
		for _, q := range p {
			out = append(out, g.term(q))
		}
		return out
	case either:
		out := disjunction{}
		for _, q := range p {
			out = append(out, g.term(q))
		}
		return out
	case except:
		return complement{g.term(p.of)}
	}
	panic(fmt.Sprintf("analysis: unknown predicate %T", p))
}

// expr is a selector as a term. A fleet is the devices in it, whichever there are.
func (g *gatherer) expr(b *selectors.Bound, x selectors.Expr) term {
	switch x := x.(type) {
	case selectors.Const:
		return constant(x.Value)
	case selectors.Universe:
		return constant(!x.Empty)
	case selectors.Compare:
		return g.compare(x)
	case selectors.In:
		return g.in(x)
	case selectors.Glob:
		positive := x
		positive.Negated = false
		pattern, _ := selectors.Pattern(x)
		return negated(g.literal(x.Key, selectors.Print(positive), atom{holds: twin(x.Holds, x.Negated), pattern: pattern}), x.Negated)
	case selectors.Contains:
		return g.contains(x)
	case selectors.Has:
		return g.literal(x.Key, selectors.Print(x), atom{holds: x.Holds, key: x.Key})
	case selectors.Within:
		now := g.options.Now
		holds := func(value string, present bool) bool { return x.Holds(value, present, now) }
		// The present comes first, so that a witness does not get too old while it is read.
		constants := []string{instant(now.Truncate(time.Second)), instant(now.Add(-x.Ago()))}
		return g.literal(x.Key, selectors.Print(x), atom{holds: holds, key: x.Key, constants: constants})
	case selectors.Quant:
		return g.quant(b, x)
	case selectors.Sample:
		return g.literal(selectors.Key{Name: "id"}, selectors.Print(x), atom{sample: &x})
	case selectors.Nodes:
		return g.literal(selectors.Key{Name: "id"}, selectors.Print(x), atom{listed: true, constants: x.Names})
	case selectors.Not:
		return complement{g.expr(b, x.X)}
	case selectors.Filter:
		return conjunction{g.expr(b, x.X), g.expr(b, x.By)}
	case selectors.Take:
		// Whom it takes depends on who else is there; that it takes from x.X does not.
		return conjunction{g.expr(b, x.X), g.open(selectors.Print(x))}
	case selectors.Name:
		definition := b.Name(x.Name)
		t, ok := g.bounds[definition]
		if !ok {
			t = g.expr(definition, definition.Expr())
			g.bounds[definition] = t
		}
		return t
	case selectors.Binary:
		return g.binary(b, x)
	case selectors.Rule:
		panic("analysis: an assignment is no set of devices")
	}
	panic(fmt.Sprintf("analysis: unknown expression %T", x))
}

func (g *gatherer) binary(b *selectors.Bound, x selectors.Binary) term {
	l, r := g.expr(b, x.L), g.expr(b, x.R)
	switch x.Op {
	case selectors.And:
		return conjunction{l, r}
	case selectors.Or:
		return disjunction{l, r}
	case selectors.Minus:
		return conjunction{l, complement{r}}
	case selectors.Xor:
		return disjunction{conjunction{l, complement{r}}, conjunction{complement{l}, r}}
	}
	panic(fmt.Sprintf("analysis: unknown operator %q", rune(x.Op)))
}

// twin is the positive form of what an atom holds on.
func twin(holds func(string, bool) bool, negated bool) func(string, bool) bool {
	if !negated {
		return holds
	}
	return func(value string, present bool) bool { return !holds(value, present) }
}

func (g *gatherer) compare(x selectors.Compare) term {
	positive, not := x, false
	switch x.Op {
	case selectors.NotEqual:
		positive.Op, not = selectors.Equal, true
	case selectors.NotMatches:
		positive.Op, not = selectors.Matches, true
	case selectors.Equal, selectors.Less, selectors.LessEqual, selectors.Greater, selectors.GreaterEqual, selectors.Matches:
	}
	a := atom{holds: twin(x.Holds, not), key: x.Key}
	if pattern, ok := selectors.Pattern(x); ok {
		a.pattern = pattern
	} else {
		a.constants = []string{x.Value.Text}
		a.listed = selectors.DomainOf(x.Key).IsText()
	}
	return negated(g.literal(x.Key, selectors.Print(positive), a), not)
}

func (g *gatherer) in(x selectors.In) term {
	positive := x
	positive.Negated = false
	a := atom{holds: twin(x.Holds, x.Negated), key: x.Key, listed: selectors.DomainOf(x.Key).IsText()}
	for _, v := range x.Values {
		a.constants = append(a.constants, v.Text)
	}
	return negated(g.literal(x.Key, selectors.Print(positive), a), x.Negated)
}

// contains is presence and a yes or no for the element: a set of n elements has n such, not one
// variable of 2ⁿ regions.
func (g *gatherer) contains(x selectors.Contains) term {
	has := selectors.Has{Key: x.Key}
	present := g.literal(x.Key, selectors.Print(has), atom{holds: func(_ string, present bool) bool { return present }, key: x.Key})
	positive := x
	positive.Negated = false
	name := selectors.Print(positive)
	v := g.variable(name, func() *variable {
		return &variable{name: name, kind: elementOfSet, key: x.Key, element: x.Element.Text}
	})
	holds := literal{v, g.variables[v].atom(name, atom{holds: twin(x.Holds, x.Negated)})}
	return negated(conjunction{present, holds}, x.Negated)
}

// open is a yes or no that nothing decides.
func (g *gatherer) open(text string) term {
	v := g.variable(text, func() *variable { return &variable{name: text, kind: open} })
	return literal{v, g.variables[v].atom(text, atom{})}
}

// literal is an atom of a key, which is written so.
func (g *gatherer) literal(key selectors.Key, text string, a atom) term {
	key = selectors.Key{Label: key.Label, Name: key.Name}
	if isID(key) {
		key.Name = "id"
	}
	name := key.String()
	v := g.variable(name, func() *variable {
		kind := keyed
		if selectors.DomainOf(key).IsSet() {
			kind = presence
		}
		return &variable{name: name, kind: kind, key: key}
	})
	return literal{v, g.variables[v].atom(text, a)}
}

func (g *gatherer) variable(name string, fresh func() *variable) int {
	i, ok := g.byName[name]
	if !ok {
		i = len(g.variables)
		g.byName[name] = i
		v := fresh()
		v.index = map[string]int{}
		g.variables = append(g.variables, v)
	}
	return i
}

// quant is any(deploy: P), or every(deploy: P), which is no element without P.
func (g *gatherer) quant(b *selectors.Bound, x selectors.Quant) term {
	if g.options.Deployed != nil {
		return g.term(g.options.Deployed(b, x))
	}
	body := Part(b, x.By)
	text := selectors.Print(x.By)
	if x.Every {
		body, text = Not(body), "!("+text+")"
	}
	v := g.variable(x.Collection, func() *variable { return &variable{name: x.Collection, kind: deployed} })
	i := g.variables[v].atom(text, atom{})
	if i == len(g.variables[v].bodies) {
		g.variables[v].bodies = append(g.variables[v].bodies, body)
	}
	return negated(literal{v, i}, x.Every)
}

func isID(k selectors.Key) bool { return !k.Label && slices.Contains([]string{"name", "id"}, k.Name) }
