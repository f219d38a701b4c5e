package importers

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/go-bexpr/grammar"

	"github.com/musterfleet/muster/selectors"
)

// Bexpr reads an expression of go-bexpr, whose own grammar parses it. The fields are those of a
// device: Meta.site, Labels.site or site is a label, Meta["a/b"] too, ID and Name are its name,
// Tags its tags. So "x" in Meta.site asks for a part of a text, "x" in Tags for an element.
//
// A key that a map lacks is false under ==, in, contains and matches, and true under their
// negations, as it is here. A field at the top that is missing has no verdict there.
func Bexpr(source string) (selectors.Expr, error) {
	if err := readable(source); err != nil {
		return nil, err
	}
	parsed, err := grammar.Parse("", []byte(source), grammar.MaxExpressions(2_000_000))
	if err != nil {
		return nil, bexprError(source, err)
	}
	tree, ok := parsed.(grammar.Expression)
	if !ok {
		return nil, refuse(0, len(source), "no expression", "")
	}
	x, why, hint := bexpr(tree)
	if why != "" {
		return nil, refuse(0, len(source), why, hint) // the grammar's tree knows no places
	}
	return sayable(source, selector(x))
}

var bexprPlace = regexp.MustCompile(`(?s)^\d+:\d+ \((\d+)\): (?:rule [^:]+: )?(.*)$`)

// bexprError is what the grammar says, at the place it names.
func bexprError(source string, err error) error {
	first, _, _ := strings.Cut(err.Error(), "\n")
	at, message := 0, first
	if m := bexprPlace.FindStringSubmatch(first); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			at, message = min(n, len(source)), m[2]
		}
	}
	return refuse(at, min(at+1, len(source)), "go-bexpr cannot read this: "+message, "")
}

// bexpr translates a tree, or says why it cannot.
func bexpr(e grammar.Expression) (x selectors.Expr, why, hint string) {
	switch e := e.(type) {
	case *grammar.UnaryExpression:
		x, why, hint = bexpr(e.Operand)
		if why != "" {
			return nil, why, hint
		}
		return negated(x), "", ""
	case *grammar.BinaryExpression:
		return bexprChain(e)
	case *grammar.MatchExpression:
		return bexprMatch(e)
	case *grammar.CollectionExpression:
		return bexprCollection(e)
	}
	return nil, fmt.Sprintf("an expression of an unknown kind, %T", e), ""
}

// bexprChain joins what the grammar nests to the right from left to right.
func bexprChain(e *grammar.BinaryExpression) (x selectors.Expr, why, hint string) {
	op, with := e.Operator, union
	if op == grammar.BinaryOpAnd {
		with = intersection
	}
	var list []term
	var rest grammar.Expression = e
	for rest != nil {
		part := rest
		if b, ok := rest.(*grammar.BinaryExpression); ok && b.Operator == op {
			part, rest = b.Left, b.Right
		} else {
			rest = nil
		}
		one, why, hint := bexpr(part)
		if why != "" {
			return nil, why, hint
		}
		list = append(list, selector(one))
	}
	return chain(list, with).x, "", ""
}

// bexprField is what a field of bexpr is on a device.
type bexprField struct {
	key     selectors.Key
	set     bool // tags, a list
	mapping bool // all labels, a map
}

var bexprMaps = []string{"meta", "labels", "label", "nodemeta", "servicemeta"}

func bexprFieldOf(path []string) (bexprField, bool) {
	if len(path) == 0 {
		return bexprField{}, false
	}
	first := strings.ToLower(path[0])
	isMap := false
	for _, m := range bexprMaps {
		isMap = isMap || m == first
	}
	switch {
	case len(path) == 1 && (first == "id" || first == "name"):
		return bexprField{key: nameKey}, true
	case len(path) == 1 && first == "tags":
		return bexprField{key: selectors.Key{Name: "tags"}, set: true}, true
	case len(path) == 1 && isMap:
		return bexprField{mapping: true}, true
	case len(path) == 1:
		return bexprField{key: labelKey(path[0])}, true
	case len(path) == 2 && isMap:
		return bexprField{key: labelKey(path[1])}, true
	}
	return bexprField{}, false
}

// bexprMatch translates field OP value.
func bexprMatch(e *grammar.MatchExpression) (x selectors.Expr, why, hint string) {
	field, ok := bexprFieldOf(e.Selector.Path)
	if !ok {
		return nil, e.Selector.String() + " is no field of a device", "write Meta.KEY for a label, Name or Tags"
	}
	value := ""
	if e.Value != nil {
		value = e.Value.Raw
	}
	positive, negative := bexprTwin(e.Operator)
	switch {
	case field.mapping && (positive == grammar.MatchIn || positive == grammar.MatchContains):
		x = selectors.Has{Key: labelKey(value)}
	case field.set && (positive == grammar.MatchIn || positive == grammar.MatchContains):
		if value == "" || strings.ContainsAny(value, ", \t\n\r") {
			return nil, fmt.Sprintf("%q cannot be one of the tags, which stand between commas", value), ""
		}
		x = selectors.Contains{Key: field.key, Element: text(value)}
	case field.mapping || field.set:
		return nil, fmt.Sprintf("%s of %s, which is no text", e.Operator, e.Selector), "ask for an element with in"
	default:
		x, why = bexprText(field.key, positive, value)
	}
	if why != "" {
		return nil, why, ""
	}
	if negative {
		x = negated(x)
	}
	return x, "", ""
}

// bexprTwin is the positive operator of a pair, and whether op is the other one.
func bexprTwin(op grammar.MatchOperator) (positive grammar.MatchOperator, negative bool) {
	switch op {
	case grammar.MatchNotEqual:
		return grammar.MatchEqual, true
	case grammar.MatchNotIn:
		return grammar.MatchIn, true
	case grammar.MatchNotContains:
		return grammar.MatchContains, true
	case grammar.MatchNotMatches:
		return grammar.MatchMatches, true
	case grammar.MatchIsEmpty:
		return grammar.MatchIsNotEmpty, true
	case grammar.MatchIsNil:
		return grammar.MatchIsNotNil, true
	}
	return op, false
}

// bexprText is a positive operator on a text; false on an absent one, as there.
func bexprText(k selectors.Key, op grammar.MatchOperator, value string) (selectors.Expr, string) {
	switch op {
	case grammar.MatchEqual:
		return equal(k, value), ""
	case grammar.MatchIn, grammar.MatchContains:
		if value == "" {
			return selectors.Has{Key: k}, ""
		}
		return selectors.Glob{Key: k, Pattern: text("*" + globText(value) + "*")}, ""
	case grammar.MatchMatches:
		whole, why := search(value, false, k.Label)
		return matches(k, whole), why
	case grammar.MatchIsNotEmpty:
		return join(selectors.And, selectors.Has{Key: k}, negated(equal(k, ""))), ""
	}
	return nil, fmt.Sprintf("%s is an error of go-bexpr on a text", op)
}

// globText is a text as a glob for itself.
func globText(s string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(s)
}

// bexprCollection translates any Tags as t { t == "gpu" }, the one quantifier with a counterpart.
func bexprCollection(e *grammar.CollectionExpression) (x selectors.Expr, why, hint string) {
	const write = `write "gpu" in Tags`
	field, ok := bexprFieldOf(e.Selector.Path)
	inner, isMatch := e.Inner.(*grammar.MatchExpression)
	name := e.NameBinding.Default
	if name == "" {
		name = e.NameBinding.Value
	}
	if !ok || !field.set || !isMatch || name == "" || len(inner.Selector.Path) != 1 || inner.Selector.Path[0] != name {
		return nil, "the elements of " + e.Selector.String() + " are asked for by more than their value", write
	}
	any, equals := e.Op == grammar.CollectionOpAny, inner.Operator == grammar.MatchEqual
	if !equals && inner.Operator != grammar.MatchNotEqual || any != equals {
		return nil, "only any … == and all … != have a counterpart", write
	}
	op := grammar.MatchIn
	if !any {
		op = grammar.MatchNotIn
	}
	return bexprMatch(&grammar.MatchExpression{Selector: e.Selector, Operator: op, Value: inner.Value})
}
