package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// part is a sub-expression and the devices it admits; of an assignment, those it makes a
// claim at.
type part struct {
	text  string
	expr  selectors.Expr
	fleet algebra.Fleet
	parts []part
}

// explain takes an expression apart. Chains of one operator are one part with many; a name
// is taken apart as its definition is.
func (g ground) explain(b *selectors.Bound) part { return g.part(b, b.Expr()) }

func (g ground) part(b *selectors.Bound, x selectors.Expr) part {
	p := part{text: selectors.Print(x), expr: x, fleet: g.devices(b, x)}
	if n, ok := x.(selectors.Name); ok {
		definition := b.Name(n.Name)
		p.parts = []part{g.part(definition, definition.Expr())}
		return p
	}
	for _, child := range children(x) {
		p.parts = append(p.parts, g.part(b, child))
	}
	return p
}

// devices evaluates a sub-expression of b.
func (g ground) devices(b *selectors.Bound, x selectors.Expr) algebra.Fleet {
	bound, err := selectors.Bind(x, selectors.Scope{Names: namesOf(b, x)})
	if err != nil {
		panic("muster: a part of a bound expression does not bind: " + err.Error())
	}
	if bound.Sort() != selectors.AssignmentSort {
		return g.demand.Fleet(bound)
	}
	return g.claimed(g.demand.Assign(bound))
}

// claimed is the devices at which an assignment makes claims.
func (g ground) claimed(a algebra.Assignment) algebra.Fleet {
	f := g.roster.None()
	for _, on := range a.All() {
		f = f.Union(on)
	}
	return f
}

// namesOf are the definitions of the names that occur in a part of b.
func namesOf(b *selectors.Bound, x selectors.Expr) map[string]*selectors.Bound {
	names := map[string]*selectors.Bound{}
	var walk func(selectors.Expr)
	walk = func(x selectors.Expr) {
		if n, ok := x.(selectors.Name); ok {
			names[n.Name] = b.Name(n.Name)
		}
		for _, child := range children(x) {
			walk(child)
		}
	}
	walk(x)
	return names
}

// children are the operands of a node. A chain of & or of | has all its operands.
func children(x selectors.Expr) []selectors.Expr {
	switch x := x.(type) {
	case selectors.Const, selectors.Universe, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has,
		selectors.Within, selectors.Quant, selectors.Sample, selectors.Nodes, selectors.Name:
		return nil
	case selectors.Take:
		return []selectors.Expr{x.X}
	case selectors.Not:
		return []selectors.Expr{x.X}
	case selectors.Filter:
		return []selectors.Expr{x.X, x.By}
	case selectors.Rule:
		return []selectors.Expr{x.From}
	case selectors.Binary:
		return slices.Concat(chain(x.Op, x.L), chain(x.Op, x.R))
	}
	panic(fmt.Sprintf("muster: unknown expression %T", x))
}

func chain(op selectors.BinaryOp, x selectors.Expr) []selectors.Expr {
	if b, ok := x.(selectors.Binary); ok && b.Op == op && (op == selectors.And || op == selectors.Or) {
		return slices.Concat(chain(op, b.L), chain(op, b.R))
	}
	return []selectors.Expr{x}
}

// tree is a page of lines, each with a head of one width and below it what it consists of.
type tree struct {
	head, text, tail string
	below            []tree
}

// lines draws the tree on a page of that width. Texts that do not fit are cut; what they
// consist of stands below them.
func (t tree) lines(wide int) []string {
	var rows [][3]string // head, branches and text, tail
	var walk func(t tree, first, rest string)
	walk = func(t tree, first, rest string) {
		rows = append(rows, [3]string{t.head, first + t.text, t.tail})
		for i, b := range t.below {
			if i == len(t.below)-1 {
				walk(b, rest+"└─ ", rest+"   ")
			} else {
				walk(b, rest+"├─ ", rest+"│  ")
			}
		}
	}
	walk(t, "", "")
	head, text := 0, 0
	for _, r := range rows {
		head = max(head, len([]rune(r[0])))
		if r[2] != "" {
			text = max(text, len([]rune(r[1])))
		}
	}
	var out []string
	for _, r := range rows {
		line := strings.Repeat(" ", head-len([]rune(r[0]))) + r[0] + "  " + r[1]
		if r[2] != "" {
			line += strings.Repeat(" ", text-len([]rune(r[1]))) + "  " + r[2]
		}
		out = append(out, cut(line, wide))
	}
	return out
}

// counts is the explanation of an expression by numbers of devices.
func (p part) counts() tree {
	t := tree{head: fmt.Sprint(p.fleet.Len()), text: p.text}
	for _, q := range p.parts {
		t.below = append(t.below, q.counts())
	}
	return t
}
