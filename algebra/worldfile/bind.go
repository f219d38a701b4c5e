package worldfile

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/selectors"
)

// definition is a Fleet or Assignment document on its way to an algebra.Definition.
type definition struct {
	document
	assignment bool
	abstract   bool
	// dynamic and frozen say what to make of an expression that is not static, or that takes.
	dynamic                 bool
	frozen                  []string
	dynamicNode, frozenNode *yaml.Node // nil if not given
	expression
	parsed bool // there is an expression and it parses
	thaw   bool // it need not be frozen
	bound  *selectors.Bound
	taken  *selectors.Bound // the expression that bound was resolved from, if it is frozen
}

// define notes a definition; its name means the first of that name.
func (l *loader) define(d *definition) {
	d.thaw = l.thaw
	l.definitions = append(l.definitions, d)
	if d.nameNode != nil && l.named[d.name] == nil {
		l.named[d.name] = d
	}
}

// What a definition with an error stands for while its users are checked: something of
// its sort that fits wherever the definition may have been meant to.
var (
	someSelector   = bound(selectors.Const{Value: true})
	someAssignment = bound(selectors.Rule{From: selectors.Universe{Empty: true}, Deploy: []selectors.DeployRef{{App: "some", Version: "1"}}})
)

func bound(x selectors.Expr) *selectors.Bound {
	b, err := selectors.Bind(x, selectors.Scope{})
	if err != nil {
		panic("worldfile: " + err.Error()) // a literal
	}
	return b
}

// bind resolves the names in all expressions, each definition after those it uses.
func (l *loader) bind() {
	scope := selectors.Scope{Names: map[string]*selectors.Bound{}, LabelKeys: keys(l.labelKeys)}
	if !l.unread {
		scope.Versions = l.versions
		for _, versions := range l.versions {
			slices.Sort(versions)
		}
	}
	uses := map[string][]use{}
	for _, name := range keys(l.named) {
		d := l.named[name]
		scope.Names[name] = someSelector
		if d.assignment {
			scope.Names[name] = someAssignment
		}
		if d.parsed {
			names(d.expr, func(n selectors.Name) {
				if l.named[n.Name] != nil {
					uses[name] = append(uses[name], use{n.Name, d.at(n.At)})
				}
			})
		}
	}
	for _, c := range circles(uses) {
		c.at.fail("a definition cannot use itself; take one of these names out", "a circle: %s", c.path("@%s", " uses "))
	}
	visited := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if visited[name] {
			return
		}
		visited[name] = true
		for _, u := range uses[name] {
			visit(u.name)
		}
		d := l.named[name]
		l.settled = append(l.settled, d)
		if l.bindDefinition(d, scope); d.bound != nil {
			scope.Names[name] = d.bound
		}
	}
	for _, name := range keys(l.named) {
		visit(name)
	}
	for _, d := range l.definitions {
		if d.nameNode == nil || l.named[d.name] != d {
			l.bindDefinition(d, scope) // unnamed or a namesake: only for its errors
		}
	}
	for _, p := range l.policies {
		if p.matches {
			p.Match = l.bindMatch(p.match, "match", scope)
			if p.Match != nil && p.Match.Sort() != selectors.SelectorSort {
				p.match.at(p.match.expr.Span()).fail("write what holds for the device, such as label(\"env\") = \"prod\"",
					"match: a policy matches by a selector, and this is %s", p.Match.Sort())
			}
		}
	}
	for _, w := range l.waivers {
		if w.matches {
			w.Match = l.bindMatch(w.match, "selector", scope)
		}
	}
	for _, t := range l.theorems {
		l.bindTheorem(t, scope)
	}
	for _, r := range l.rollouts {
		l.bindRollout(r, scope)
	}
}

func (l *loader) bindDefinition(d *definition, scope selectors.Scope) {
	if !d.parsed {
		return
	}
	b, ok := l.bindExpression(d.expression, "expression", scope)
	switch {
	case !ok:
	case d.assignment && b.Sort() != selectors.AssignmentSort:
		d.at(d.expr.Span()).fail("write F -> {web@2.1.0}", "expression: an Assignment needs an assignment, and this is %s", b.Sort())
	case !d.assignment && b.Sort() == selectors.AssignmentSort:
		d.at(d.expr.Span()).fail("make it an Assignment document", "expression: a Fleet needs a fleet or a selector, and this is an assignment")
	default:
		d.settle(b)
	}
}

// bindMatch binds what chooses devices one by one, by what is declared of each; nil after an
// error.
func (l *loader) bindMatch(e expression, field string, scope selectors.Scope) *selectors.Bound {
	b, ok := l.bindExpression(e, field, scope)
	switch {
	case !ok:
	case b.Sort() == selectors.AssignmentSort:
		e.at(e.expr.Span()).fail("write what holds for the device, such as label(\"env\") = \"prod\"", "%s: want a selector, and this is an assignment", field)
	case b.Takes():
		e.at(e.expr.Span()).fail("name a frozen Fleet", "%s: it depends on which other devices there are", field)
	case b.Effect() != selectors.Static:
		x := restless(b)
		e.at(x.Span()).fail("match by labels and facts", "%s: devices match by what is declared, and %s %s", field, brief(x), because(b.Effect()))
	default:
		return b
	}
	return nil
}

func (l *loader) bindExpression(e expression, what string, scope selectors.Scope) (*selectors.Bound, bool) {
	if l.unread && l.usesUnknown(e) {
		return nil, false // the name may stand where nothing could be read
	}
	b, err := selectors.Bind(e.expr, scope)
	if err != nil {
		e.fail(what, err)
	}
	return b, err == nil
}

func (l *loader) usesUnknown(e expression) bool {
	unknown := false
	names(e.expr, func(n selectors.Name) { unknown = unknown || l.named[n.Name] == nil })
	return unknown
}
