package worldfile

import (
	"errors"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/selectors"
)

// expression is a parsed expression and where its text stands. An Assignment given as
// fleet and deploy has its text in several scalars: their spans are laid end to end.
type expression struct {
	expr  selectors.Expr
	file  *file
	parts []part
}

// part is a scalar that holds the bytes from start of an expression's text.
type part struct {
	node  *yaml.Node
	start int
}

// expression reads a text of the language. It looks up no names.
func (f *file) expression(n *yaml.Node, what string) (expression, bool) {
	e := expression{file: f, parts: []part{{n, 0}}}
	text, ok := f.filled(n, what)
	if !ok {
		return e, false
	}
	x, err := selectors.Parse(text)
	if err != nil {
		e.fail(what, err)
		return e, false
	}
	e.expr = x
	f.exprs[n] = x
	return e, true
}

// fail notes the errors of the language where they stand in the file.
func (e expression) fail(what string, err error) {
	var list selectors.Errors
	if !errors.As(err, &list) {
		e.at(selectors.Span{}).fail("", "%s: %v", what, err)
		return
	}
	for _, one := range list {
		e.at(one.At).failAs(one.Code, one.Hint, "%s: %s", what, one.Message)
	}
}

// at is where a part of the expression stands in the file: to the byte where the scalar can
// be read back, else the whole scalar.
func (e expression) at(s selectors.Span) span {
	p := e.parts[0]
	for _, next := range e.parts[1:] {
		if s.Start >= next.start {
			p = next
		}
	}
	origins, _ := e.file.origins(p.node)
	from, to := s.Start-p.start, min(s.End-p.start, len(origins))
	if len(origins) == 0 || from > len(origins) {
		return e.file.at(p.node)
	}
	after := func(i int) int { // the place after the byte before i
		if i == 0 {
			return origins[0]
		}
		return origins[i-1] + 1
	}
	if from == len(origins) {
		return span{e.file, after(from), after(from) + 1}
	}
	return span{e.file, origins[from], max(after(to), origins[from])}
}

// names yields the @names of an expression, in the order they are written.
func names(x selectors.Expr, yield func(selectors.Name)) {
	if n, ok := x.(selectors.Name); ok {
		yield(n)
	}
	for _, child := range selectors.Children(x) {
		names(child, yield)
	}
}

// isName reports whether @s is a name of the language.
func isName(s string) bool {
	x, err := selectors.Parse("@" + s)
	name, ok := x.(selectors.Name)
	return err == nil && ok && name.Name == s
}
