package worldfile

import (
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
	spec, ok := d.readSpec("scope", "level", "match", "message", "params", "cel", "rego", "never")
	if !ok {
		return
	}
	language, n, ok := spec.exactlyOne("cel", "rego")
	if ok {
		p.Language = language
		p.Text, _ = f.filled(n, language)
	}
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

// policyDraft is a Policy whose match is not bound yet.
type policyDraft struct {
	algebra.Policy
	match   expression
	matches bool // there is a match and it parses
}
