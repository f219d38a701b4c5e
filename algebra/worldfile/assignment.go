package worldfile

import (
	"math"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// assignment reads an Assignment document: an expression, or the rule fleet, deploy and
// priority say.
func (l *loader) assignment(d document) {
	f := d.file
	def := &definition{document: d, assignment: true}
	l.define(def)
	spec, ok := d.readSpec("fleet", "deploy", "priority", "expression", "abstract", "dynamic")
	if !ok {
		return
	}
	if n, given := spec.get("abstract"); given {
		def.abstract, _ = f.boolean(n, "abstract") // an error fails the whole World
	}
	def.readDynamic(spec)
	form, n, ok := spec.exactlyOne("fleet", "expression")
	if form == "fleet" {
		def.expression, def.parsed = f.rule(spec, n)
		return
	}
	for _, only := range []string{"deploy", "priority"} {
		if n, given := spec.get(only); given && ok {
			f.at(n).fail("write it in the expression: F -> {web@2.1.0} at 10", "%s: %s belongs to fleet, not to expression", d.subject(), only)
			return
		}
	}
	if ok {
		def.expression, def.parsed = f.expression(n, "expression")
	}
}

// rule makes the Rule F -> {deploy} at priority of the three fields.
func (f *file) rule(spec object, fleet *yaml.Node) (expression, bool) {
	e, ok := f.expression(fleet, "fleet")
	rule := selectors.Rule{From: e.expr}
	if n, given := spec.get("priority"); given {
		v, fine := f.integer(n, "priority", math.MinInt32, math.MaxInt32)
		rule.Priority, ok = int(v), ok && fine
	}
	n, given := spec.need("deploy")
	if !given {
		return e, false
	}
	items, fine := f.items(n, "deploy")
	ok = ok && fine
	if fine && len(items) == 0 {
		f.at(n).fail("name a deployment: [web@2.1.0]", "deploy: must not be empty")
		return e, false
	}
	end := len(fleet.Value) + 1
	for _, item := range items {
		ref, fine := f.deployRef(item)
		ref.At = selectors.Span{Start: end, End: end + len(item.Value)}
		e.parts = append(e.parts, part{item, end})
		rule.Deploy = append(rule.Deploy, ref)
		end += len(item.Value) + 1
		ok = ok && fine
	}
	rule.At = selectors.Span{End: len(fleet.Value)}
	e.expr = rule
	return e, ok
}

// deployRef reads app@version, or app alone.
func (f *file) deployRef(n *yaml.Node) (selectors.DeployRef, bool) {
	text, ok := f.filled(n, "deploy")
	if !ok {
		return selectors.DeployRef{}, false
	}
	app, version, versioned := strings.Cut(text, "@")
	_, err := algebra.ParseApp(app)
	if err == nil && versioned {
		_, err = algebra.ParseVersion(version)
	}
	if err != nil {
		f.at(n).fail("write app@version, such as web@2.1.0", "deploy: %v", err)
		return selectors.DeployRef{}, false
	}
	return selectors.DeployRef{App: app, Version: version}, true
}
