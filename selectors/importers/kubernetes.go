package importers

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// Kubernetes reads a label selector: ring in (0,1),site!=lyon,!hold,slots>3. The empty text
// selects everything, as it does there. What apimachinery refuses is refused. The object with
// matchLabels and matchExpressions is read too, as JSON.
//
// The comparisons > and < hold there of whole numbers of 64 bits only, which two more conditions
// say here: num(label("slots")) > 3 alone would hold of 3.5 too.
func Kubernetes(source string) (selectors.Expr, error) {
	if err := readable(source); err != nil {
		return nil, err
	}
	if strings.HasPrefix(strings.TrimSpace(source), "{") {
		return kubernetesObject(source)
	}
	p := requirements{tokens: kubernetesTokens(source)}
	var list []term
	for p.now().kind != endOfText {
		one, err := p.requirement()
		if err != nil {
			return nil, err
		}
		for _, x := range one {
			list = append(list, selector(x))
		}
		if p.now().kind == endOfText {
			break
		}
		if !p.now().is(",") {
			return nil, p.unexpected("a comma or the end")
		}
		p.next()
		if k := p.now(); k.kind != word && !k.is("!") {
			return nil, p.unexpected("a label after the comma")
		}
	}
	if len(list) == 0 {
		return selectors.Const{Value: true}, nil
	}
	return sayable(source, chain(list, intersection))
}

// requirements reads the requirements of a selector, one token ahead.
type requirements struct {
	tokens []token
	at     int
}

func (p *requirements) now() token { return p.tokens[p.at] }

func (p *requirements) next() token {
	t := p.tokens[p.at]
	if t.kind != endOfText {
		p.at++
	}
	return t
}

func (p *requirements) unexpected(want string) error {
	t := p.now()
	found := "found " + strconv.Quote(t.text)
	if t.kind == endOfText {
		found = "found the end"
	}
	return refuse(t.start, t.end, "expected "+want+", "+found, "")
}

// requirement = [ "!" ] KEY | KEY operator values. It may take several expressions to say it.
func (p *requirements) requirement() ([]selectors.Expr, error) {
	absent := p.now().is("!")
	if absent {
		p.next()
	}
	name := p.now()
	if name.kind != word {
		return nil, p.unexpected("a label")
	}
	if why := notLabelKey(name.text); why != "" {
		return nil, refuse(name.start, name.end, fmt.Sprintf("%q is no label of Kubernetes: %s", name.text, why), "")
	}
	p.next()
	key := labelKey(name.text)
	if absent {
		return []selectors.Expr{selectors.Not{X: selectors.Has{Key: key}}}, nil
	}
	switch op := p.now(); {
	case op.kind == endOfText || op.is(","):
		return []selectors.Expr{selectors.Has{Key: key}}, nil
	case op.is("="), op.is("=="):
		p.next()
		v, err := p.value()
		return []selectors.Expr{equal(key, v)}, err
	case op.is("!="):
		p.next()
		v, err := p.value()
		return []selectors.Expr{negated(equal(key, v))}, err
	case op.is("<"), op.is(">"):
		p.next()
		return p.order(name.text, op.text)
	case op.text == "in", op.text == "notin":
		p.next()
		values, err := p.values()
		if err != nil {
			return nil, err
		}
		x := anyOf(key, values)
		if op.text == "notin" {
			x = negated(x)
		}
		return []selectors.Expr{x}, nil
	}
	return nil, p.unexpected("= == != in notin < or >")
}

// value = [ VALUE ]; none is the empty text.
func (p *requirements) value() (string, error) {
	t := p.now()
	switch {
	case t.kind == endOfText || t.is(","):
		return "", nil
	case t.kind != word:
		return "", p.unexpected("a value")
	}
	if err := labelValue(t); err != nil {
		return "", err
	}
	return p.next().text, nil
}

func labelValue(t token) error {
	if why := notLabelValue(t.text); why != "" {
		return refuse(t.start, t.end, fmt.Sprintf("%q is no value of a label of Kubernetes: %s", t.text, why), "")
	}
	return nil
}

// values = "(" [ VALUE ] { "," [ VALUE ] } ")", sorted; where no value stands the empty one is
// meant, so that () is the empty text and not nothing.
func (p *requirements) values() ([]string, error) {
	if !p.now().is("(") {
		return nil, p.unexpected("( before the values")
	}
	p.next()
	var list []string
	for {
		v := ""
		if t := p.now(); t.kind == word {
			if err := labelValue(t); err != nil {
				return nil, err
			}
			v = p.next().text
		}
		list = append(list, v)
		switch {
		case p.now().is(")"):
			p.next()
			slices.Sort(list)
			return slices.Compact(list), nil
		case !p.now().is(","):
			return nil, p.unexpected(", or ) after a value")
		}
		p.next()
	}
}

// order = ( "<" | ">" ) INTEGER; the operator is read.
func (p *requirements) order(name, op string) ([]selectors.Expr, error) {
	t := p.now()
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return nil, refuse(t.start, t.end, fmt.Sprintf("%q is no whole number, which %s wants", v, op), "")
	}
	return integerOrder(name, op == ">", n), nil
}

// integerOrder is label > n or label < n where only whole numbers of 64 bits count, for an n
// that is not negative: a label's value has no sign there. Numbers are compared as such where
// they fit a fraction of 64 bits, and else as versions, whose numbers have any length.
func integerOrder(name string, greater bool, n int64) []selectors.Expr {
	compare := func(op selectors.CompareOp, n int64, cast selectors.Cast) selectors.Expr {
		return selectors.Compare{
			Key:   selectors.Key{Label: true, Name: name, Cast: cast},
			Op:    op,
			Value: selectors.Value{Text: strconv.FormatInt(n, 10)},
		}
	}
	cast := selectors.AsNumber
	if n >= 1<<53 {
		cast = selectors.AsVersion
	}
	if greater {
		return []selectors.Expr{
			compare(selectors.Greater, n, cast),
			compare(selectors.LessEqual, math.MaxInt64, selectors.AsVersion),
			matches(labelKey(name), "[0-9]+"),
		}
	}
	return []selectors.Expr{compare(selectors.Less, n, cast), matches(labelKey(name), "-?[0-9]+")}
}
