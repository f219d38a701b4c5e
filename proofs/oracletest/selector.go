package oracletest

import (
	"github.com/musterfleet/muster/selectors"
)

// reading makes expressions of nodes. In a selector a set of devices is a question about the
// name, in a fleet it is the set itself, so that both ways of saying it are tried.
type reading struct{}

func (r reading) selector(n Node) selectors.Expr {
	if n.leaf {
		return selectors.Const{Value: universe(n)}
	}
	if a, ok := n.args("not", 1); ok {
		return selectors.Not{X: r.selector(a[0])}
	}
	if op, x, y, ok := binary(n); ok {
		l, m := r.selector(x), r.selector(y)
		switch op {
		case selectors.Minus:
			return selectors.Binary{Op: selectors.And, L: l, R: selectors.Not{X: m}}
		case selectors.Xor:
			return selectors.Binary{Op: selectors.Or,
				L: selectors.Binary{Op: selectors.And, L: l, R: selectors.Not{X: m}},
				R: selectors.Binary{Op: selectors.And, L: selectors.Not{X: l}, R: m}}
		case selectors.Or, selectors.And:
		}
		return selectors.Binary{Op: op, L: l, R: m}
	}
	if a, ok := n.args("named", 1); ok {
		return in(selectors.Key{Name: "name"}, a[0].texts())
	}
	if a, ok := n.args("has", 1); ok {
		return selectors.Has{Key: key(a[0])}
	}
	if a, ok := n.args("is", 2); ok {
		return selectors.Compare{Key: key(a[0]), Op: selectors.Equal, Value: quoted(a[1].text())}
	}
	a, ok := n.args("in", 2)
	if !ok {
		n.fail("selector")
	}
	return in(key(a[0]), a[1].texts())
}

func (r reading) fleet(n Node) selectors.Expr {
	if n.leaf {
		return selectors.Universe{Empty: !universe(n)}
	}
	if a, ok := n.args("not", 1); ok {
		return selectors.Binary{Op: selectors.Minus, L: selectors.Universe{}, R: r.fleet(a[0])}
	}
	if op, x, y, ok := binary(n); ok {
		return selectors.Binary{Op: op, L: r.fleet(x), R: r.fleet(y)}
	}
	if a, ok := n.args("named", 1); ok && len(a[0].all()) > 0 {
		return selectors.Nodes{Names: a[0].texts()}
	}
	return selectors.Filter{X: selectors.Universe{}, By: r.selector(n)}
}

func (r reading) assignment(n Node) selectors.Expr {
	if a, ok := n.args("rule", 3); ok {
		rule := selectors.Rule{From: r.fleet(a[0]), Priority: a[2].number()}
		for _, d := range a[1].all() {
			_, token := d.pair()
			app, version := named(token.text())
			rule.Deploy = append(rule.Deploy, selectors.DeployRef{App: app, Version: version})
		}
		return rule
	}
	if a, ok := n.args("filter", 2); ok {
		return selectors.Filter{X: r.assignment(a[0]), By: r.selector(a[1])}
	}
	for head, op := range map[string]selectors.BinaryOp{"union": selectors.Or, "inter": selectors.And, "without": selectors.Minus} {
		if a, ok := n.args(head, 2); ok {
			return selectors.Binary{Op: op, L: r.assignment(a[0]), R: r.assignment(a[1])}
		}
	}
	n.fail("assignment")
	return nil
}

func universe(n Node) bool {
	switch n.text() {
	case "all":
		return true
	case "none":
		return false
	}
	n.fail("selector")
	return false
}

func binary(n Node) (op selectors.BinaryOp, x, y Node, ok bool) {
	for head, op := range map[string]selectors.BinaryOp{
		"and": selectors.And, "or": selectors.Or, "minus": selectors.Minus, "xor": selectors.Xor,
	} {
		if a, ok := n.args(head, 2); ok {
			return op, a[0], a[1], true
		}
	}
	return 0, Node{}, Node{}, false
}

func in(k selectors.Key, values []string) selectors.Expr {
	if len(values) == 0 {
		return selectors.Const{}
	}
	x := selectors.In{Key: k}
	for _, v := range values {
		x.Values = append(x.Values, quoted(v))
	}
	return x
}

// key is (label site), (fact arch), or where there are only labels a word.
func key(n Node) selectors.Key {
	if n.leaf {
		return selectors.Key{Label: true, Name: n.word}
	}
	kind, name := n.pair()
	return selectors.Key{Label: kind.text() == "label", Name: name.text()}
}

func quoted(text string) selectors.Value { return selectors.Value{Text: text, Quoted: true} }

func bind(x selectors.Expr, versions map[string][]string) *selectors.Bound {
	b, err := selectors.Bind(x, selectors.Scope{Versions: versions})
	if err != nil {
		panic("oracletest: " + selectors.Print(x) + ": " + err.Error())
	}
	return b
}
