package selectors

import (
	"fmt"
	"strconv"
	"strings"
)

// rule = from "->" "{" app [ "@" version ] { "," … } "}" [ "at" INT ]; the arrow is read.
func (p *parser) rule(start int, from Expr) Expr {
	hint := "write the deployments in braces: -> {web@2.1.0}"
	if !p.tok.is("{") {
		p.failToken("expected { after ->", hint)
		p.skip()
		return nil
	}
	p.next()
	if p.tok.is("}") {
		p.fail(&Error{Code: badRule, At: Span{p.tok.at.Start - 1, p.tok.at.End}, Message: "a rule must name a deployment", Hint: hint})
	}
	var list []DeployRef
	for !p.tok.is("}") {
		d, ok := p.deployRef()
		if !ok {
			p.skipPast("}")
			return nil
		}
		list = append(list, d)
		if !p.tok.is("}") && !p.expect(",", "or } after the deployment") {
			p.skipPast("}")
			return nil
		}
	}
	p.next()
	priority := 0
	if p.tok.word("at") {
		p.next()
		v, ok := p.value()
		if !ok {
			return nil
		}
		n, err := strconv.ParseInt(v.Text, 10, 32)
		if err != nil || v.Quoted {
			p.fail(&Error{Code: badRule, At: v.At, Message: fmt.Sprintf("%q is no priority", v.Text), Hint: "write a whole number: at 10"})
			return nil
		}
		priority = int(n)
	}
	if from == nil || list == nil {
		return nil
	}
	return Rule{At: Span{start, p.end}, From: from, Deploy: list, Priority: priority}
}

// deployRef reads web@2.1.0 or web, without spaces inside.
func (p *parser) deployRef() (DeployRef, bool) {
	app := p.tok
	if app.kind != wordToken {
		p.failToken("expected an app", "write app@version, or app alone where it has one version")
		return DeployRef{}, false
	}
	p.next()
	if !isApp(app.text) {
		p.fail(&Error{Code: badRule, At: app.at, Message: app.text + " is no app", Hint: "an app has at most 63 lower-case letters, digits and hyphens inside"})
		return DeployRef{}, false
	}
	version := p.tok
	if version.kind != nameToken {
		return DeployRef{At: app.at, App: app.text}, true
	}
	p.next()
	at := Span{app.at.Start, version.at.End}
	switch {
	case version.at.Start != app.at.End:
		p.fail(&Error{Code: badRule, At: at, Message: "a space inside a deployment", Hint: "write " + app.text + "@" + version.text})
		return DeployRef{}, false
	case strings.ContainsAny(version.text, "/%"):
		p.fail(&Error{Code: badRule, At: version.at, Message: version.text + " is no version", Hint: "a version has letters, digits and . _ + - only"})
		return DeployRef{}, false
	}
	return DeployRef{At: at, App: app.text, Version: version.text}, true
}

// isApp reports whether s is a DNS-1123 label.
func isApp(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
