package worldfile

import (
	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
)

// policy reads a Policy document. Its text is not compiled: package policies does that.
func (l *loader) policy(d document) {
	f := d.file
	if d.isTheorem() {
		l.theorem(d)
		return
	}
	p := &policyDraft{Policy: algebra.Policy{Name: d.name, Source: d.source(), Scope: "action", Level: "deny"}}
	l.policies = append(l.policies, p)
	spec, ok := d.readSpec("scope", "level", "match", "message", "params", "cel", "rego", "never",
		"matchConditions", "variables", "validations", "messageExpression")
	if !ok {
		return
	}
	l.rules(p, spec)
	if n, given := spec.get("scope"); given {
		p.Scope, _ = f.oneOf(n, "scope", "action", "batch", "plan", "aggregate")
	}
	if n, given := spec.get("level"); given {
		p.Level, _ = f.oneOf(n, "level", "deny", "warn", "info")
	}
	if n, given := spec.get("message"); given {
		p.Message, _ = f.filled(n, "message")
	}
	if n, given := spec.get("params"); given {
		if entries, fine := f.entries(n, "params"); fine {
			p.Params = map[string]any{}
			for _, e := range entries {
				p.Params[e.name], _ = f.data(e.value, "params")
			}
		}
	}
	if n, given := spec.get("match"); given {
		p.match, p.matches = f.expression(n, "match")
	}
}

// rules reads what a policy asks: one expression, a module, or validations as Kubernetes'
// ValidatingAdmissionPolicy has them.
func (l *loader) rules(p *policyDraft, spec object) {
	f := spec.file
	if n, several := spec.get("validations"); several {
		p.Language = "cel"
		for _, other := range []string{"cel", "rego"} {
			if o, given := spec.get(other); given {
				f.at(o).fail("keep one of the two", "%s: %s and validations exclude each other", spec.what, other)
			}
		}
		p.Validations = p.validations(f, n)
	} else if language, n, ok := spec.exactlyOne("cel", "rego"); ok {
		p.Language = language
		p.Text = p.read(f, n, language)
	}
	for field, to := range map[string]*[]algebra.NamedExpression{"matchConditions": &p.Conditions, "variables": &p.Variables} {
		if n, given := spec.get(field); given {
			l.onlyCEL(p, f.at(n), field)
			*to = p.namedExpressions(f, n, field)
		}
	}
	if n, given := spec.get("messageExpression"); given {
		l.onlyCEL(p, f.at(n), "messageExpression")
		p.Words = p.read(f, n, "messageExpression")
	}
}

func (l *loader) onlyCEL(p *policyDraft, at span, field string) {
	if p.Language == "rego" {
		at.fail("write it in the module", "%s: it belongs to policies in CEL", field)
	}
}

// namedExpressions reads a list of {name, expression}.
func (p *policyDraft) namedExpressions(f *file, n *yaml.Node, what string) (out []algebra.NamedExpression) {
	items, _ := f.items(n, what)
	seen := map[string]bool{}
	for _, item := range items {
		o, ok := f.object(item, what, "name", "expression")
		if !ok {
			continue
		}
		name, text := o.text("name"), p.text(o, "expression")
		if seen[name] && name != "" {
			f.at(item).fail("", "%s: there are two named %s", what, name)
		}
		seen[name] = true
		out = append(out, algebra.NamedExpression{Name: name, Text: text})
	}
	return out
}

// validations reads a list of rules. Where there are several each has an id, by which reports
// and waivers know it.
func (p *policyDraft) validations(f *file, n *yaml.Node) (out []algebra.Validation) {
	items, ok := f.items(n, "validations")
	if ok && len(items) == 0 {
		f.at(n).fail("", "validations: there is none")
	}
	seen := map[string]bool{}
	for _, item := range items {
		o, ok := f.object(item, "validations", "id", "expression", "level", "message", "messageExpression")
		if !ok {
			continue
		}
		v := algebra.Validation{Text: p.text(o, "expression")}
		for field, to := range map[string]*string{"id": &v.ID, "message": &v.Message} {
			if text, given := o.get(field); given {
				*to, _ = f.filled(text, field)
			}
		}
		if words, given := o.get("messageExpression"); given {
			v.Words = p.read(f, words, "messageExpression")
		}
		if level, given := o.get("level"); given {
			v.Level, _ = f.oneOf(level, "level", "deny", "warn", "info")
		}
		switch {
		case v.ID == "" && len(items) > 1:
			f.at(item).fail("add id", "validations: where there are several each needs an id")
		case v.ID != "" && (!isName(v.ID) || seen[v.ID]):
			f.at(item).fail("", "validations: id %q is taken, or no name", v.ID)
		}
		seen[v.ID] = true
		out = append(out, v)
	}
	return out
}

// text is a field that must be there and say something.
func (o object) text(name string) string {
	n, ok := o.need(name)
	if !ok {
		return ""
	}
	text, _ := o.file.filled(n, name)
	return text
}

// policyDraft is a Policy whose match is not bound yet.
type policyDraft struct {
	algebra.Policy
	match   expression
	matches bool // there is a match and it parses
}

// text is object.text of a text that is compiled, see read.
func (p *policyDraft) text(o object, name string) string {
	n, ok := o.need(name)
	if !ok {
		return ""
	}
	return p.read(o.file, n, name)
}

// read reads a text that is compiled later, and notes where it stands for errors of that.
func (p *policyDraft) read(f *file, n *yaml.Node, what string) string {
	text, ok := f.filled(n, what)
	if origins, _ := f.origins(n); ok && len(origins) == len(text) {
		if p.Written == nil {
			p.Written = map[string]algebra.Passage{}
		}
		p.Written[text] = algebra.Passage{File: f.text, At: origins}
	}
	return text
}
