package importers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// ToKubernetes is a selector or fleet as a label selector of Kubernetes, which is a list of
// requirements on labels that all must hold. The error names the part that is none: a choice
// between labels, an attribute, a number that is not whole. A union on one label is a
// requirement, and so is the complement of a union.
//
// Law: Kubernetes of the result means the same on every device.
func ToKubernetes(b *selectors.Bound) (string, error) {
	e := exporter{names: b}
	if b.Sort() == selectors.AssignmentSort {
		return "", e.fail(b.Expr(), "an assignment says what runs, and a label selector only where", "")
	}
	if err := e.all(b.Expr(), true); err != nil {
		return "", err
	}
	return e.text()
}

// exporter collects the literals that all must hold, in the author's order.
type exporter struct {
	names    *selectors.Bound
	inside   *selectors.Name // the name whose definition is being read
	literals []literal
}

// literal is an atom, or its complement.
type literal struct {
	atom    selectors.Atom
	negated bool
}

// fail refuses a part; a part of a name's definition stands where the name does.
func (e *exporter) fail(x selectors.Expr, message, hint string) error {
	at := x.Span()
	if e.inside != nil {
		at, message = e.inside.At, "in @"+e.inside.Name+": "+message
	}
	return refuse(at.Start, at.End, message, hint)
}

// all adds the literals of x, or of its complement.
func (e *exporter) all(x selectors.Expr, holds bool) error {
	switch x := x.(type) {
	case selectors.Const:
		return e.constant(x, x.Value == holds)
	case selectors.Universe:
		return e.constant(x, x.Empty != holds)
	case selectors.Not:
		return e.all(x.X, !holds)
	case selectors.Filter:
		if u, ok := x.X.(selectors.Universe); ok && !u.Empty {
			return e.all(x.By, holds)
		}
		return e.each(x, holds, x.X, x.By, true)
	case selectors.Binary:
		return e.binary(x, holds)
	case selectors.Name:
		return e.name(x, holds)
	case selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has:
		e.literals = append(e.literals, literal{x.(selectors.Atom), !holds})
		return nil
	case selectors.Within, selectors.Quant, selectors.Sample, selectors.Nodes, selectors.Take, selectors.Rule:
	}
	return e.fail(x, selectors.Print(x)+" asks for more than labels", "a label selector knows labels only")
}

func (e *exporter) binary(x selectors.Binary, holds bool) error {
	switch x.Op {
	case selectors.And:
		return e.each(x, holds, x.L, x.R, true)
	case selectors.Minus:
		return e.each(x, holds, x.L, x.R, false)
	case selectors.Or:
		if !holds {
			return e.both(x.L, x.R, false, false)
		}
		return e.oneLabel(x)
	case selectors.Xor:
	}
	return e.fail(x, selectors.Print(x)+" is a choice between requirements", "a label selector joins its requirements by and")
}

// each is that both hold, the right one or its complement; or that this does not.
func (e *exporter) each(whole selectors.Expr, holds bool, l, r selectors.Expr, right bool) error {
	if !holds {
		return e.fail(whole, "the complement of "+selectors.Print(whole)+" is a choice", "a label selector joins its requirements by and")
	}
	return e.both(l, r, true, right)
}

func (e *exporter) both(l, r selectors.Expr, left, right bool) error {
	if err := e.all(l, left); err != nil {
		return err
	}
	return e.all(r, right)
}

func (e *exporter) constant(x selectors.Expr, holds bool) error {
	if holds {
		return nil
	}
	return e.fail(x, "no label selector admits nothing", "")
}

func (e *exporter) name(x selectors.Name, holds bool) error {
	before := *e
	e.names = e.names.Name(x.Name)
	if e.inside == nil {
		e.inside = &x
	}
	err := e.all(e.names.Expr(), holds)
	e.names, e.inside = before.names, before.inside
	return err
}

// oneLabel is a union that asks one label for one of several values.
func (e *exporter) oneLabel(x selectors.Binary) error {
	key, values, ok := choice(x)
	if !ok {
		return e.fail(x, selectors.Print(x)+" is a choice between requirements", "a label selector joins its requirements by and; export each side by itself")
	}
	e.literals = append(e.literals, literal{atom: selectors.In{At: x.At, Key: key, Values: values}})
	return nil
}

// choice is the values of a label that x admits, if it asks for nothing else.
func choice(x selectors.Expr) (selectors.Key, []selectors.Value, bool) {
	if one, ok := x.(selectors.Compare); ok {
		return labelKey(one.Key.Name), []selectors.Value{one.Value}, one.Op == selectors.Equal && isPlainLabel(one.Key)
	}
	if in, ok := x.(selectors.In); ok {
		return labelKey(in.Key.Name), in.Values, !in.Negated && isPlainLabel(in.Key)
	}
	either, ok := x.(selectors.Binary)
	if !ok || either.Op != selectors.Or {
		return selectors.Key{}, nil, false
	}
	l, left, ok := choice(either.L)
	r, right, ok2 := choice(either.R)
	return l, slices.Concat(left, right), ok && ok2 && l == r
}

func isPlainLabel(k selectors.Key) bool { return k.Label && k.Cast == selectors.NoCast }

// text writes the literals, those that together compare a whole number as one requirement.
func (e *exporter) text() (string, error) {
	orders, used := map[int]string{}, map[int]bool{}
	for i, l := range e.literals {
		number, ok := l.atom.(selectors.Compare)
		if !ok || l.negated || number.Op != selectors.Greater && number.Op != selectors.Less {
			continue
		}
		parts, ok := e.integer(number)
		if !ok {
			return "", e.fail(number, selectors.Print(number)+" holds of other than whole numbers of 64 bits, the only ones that Kubernetes compares",
				"muster import k8s shows how that is said here")
		}
		if !used[i] { // else it stands there a second time
			orders[i] = number.Key.Name + number.Op.String() + number.Value.Text
		}
		for _, at := range parts {
			used[at] = true
		}
	}
	var list []string
	for i, l := range e.literals {
		switch order, ok := orders[i]; {
		case ok:
			list = append(list, order)
		case !used[i]:
			one, why := requirementOf(l)
			if why != "" {
				return "", e.fail(l.atom, why, "")
			}
			list = append(list, one)
		}
	}
	return strings.Join(list, ","), nil
}

// integer finds the literals that with the comparison are what Kubernetes means by it.
func (e *exporter) integer(number selectors.Compare) (at []int, ok bool) {
	n, err := strconv.ParseInt(number.Value.Text, 10, 64)
	if err != nil || n < 0 || !number.Key.Label {
		return nil, false
	}
	for _, want := range integerOrder(number.Key.Name, number.Op == selectors.Greater, n) {
		found := false
		for i, l := range e.literals {
			if !l.negated && selectors.Same(l.atom, want) {
				at, found = append(at, i), true
			}
		}
		if !found {
			return nil, false
		}
	}
	return at, true
}

// requirementOf is an atom on a label as a requirement, or why it is none.
func requirementOf(l literal) (text, why string) {
	k := l.atom.Subject()
	switch {
	case !isPlainLabel(k):
		return "", selectors.Print(l.atom) + " asks for no label's text"
	case notLabelKey(k.Name) != "":
		return "", fmt.Sprintf("Kubernetes has no label %q: %s", k.Name, notLabelKey(k.Name))
	}
	switch x := l.atom.(type) {
	case selectors.Has:
		if l.negated {
			return "!" + k.Name, ""
		}
		return k.Name, ""
	case selectors.Compare:
		if x.Op == selectors.Equal || x.Op == selectors.NotEqual {
			sign := "="
			if (x.Op == selectors.NotEqual) != l.negated {
				sign = "!="
			}
			return k.Name + sign + x.Value.Text, notValues(x.Value)
		}
	case selectors.In:
		values := make([]string, len(x.Values))
		for i, v := range x.Values {
			values[i] = v.Text
		}
		slices.Sort(values)
		op := " in ("
		if x.Negated != l.negated {
			op = " notin ("
		}
		return k.Name + op + strings.Join(slices.Compact(values), ",") + ")", notValues(x.Values...)
	}
	return "", selectors.Print(l.atom) + " has no counterpart: a label selector compares whole texts"
}

func notValues(values ...selectors.Value) string {
	for _, v := range values {
		if why := notLabelValue(v.Text); why != "" {
			return fmt.Sprintf("no label of Kubernetes has the value %q: %s", v.Text, why)
		}
	}
	return ""
}
