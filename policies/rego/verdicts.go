package rego

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/musterfleet/muster/policies"
)

// verdictName is conftest's pattern, with info beside warn.
var verdictName = regexp.MustCompile(`^(deny|violation|warn|info)(_[a-zA-Z0-9]+)*$`)

// verdict is one rule, in however many parts it is written, that objects.
type verdict struct {
	name  string // as results name it
	level policies.Level
	title string      // from its METADATA
	text  string      // its parts as written
	ref   ast.Ref     // data.main.deny_x
	rules []*ast.Rule // compiled
	at    *ast.Location
}

// verdicts finds the rules that object, sorted by name. A package that has one, and package
// main in any case, is a policy package: each of its rules is a verdict, or is read by
// something.
func (c *compiling) verdicts() []verdict {
	byName := map[string]*verdict{}
	for _, file := range sortedKeys(c.compiler.Modules) {
		m := c.compiler.Modules[file]
		if !isPolicyPackage(c.compiler, m.Package.Path) {
			continue
		}
		for _, r := range m.Rules {
			name := r.Head.Ref().String()
			switch {
			case strings.HasPrefix(name, "test_"), strings.HasPrefix(name, "todo_test_"):
			case name == "exception":
				c.fail(r.Location, "declare a Waiver, which has an owner, a reason and an end, and covers single violations",
					"exception exempts a rule for the whole plan, and is not for policies here")
			case verdictName.MatchString(baseName(r)):
				c.addVerdict(byName, m, r)
			case !c.isRead(r):
				c.fail(r.Location, nameHint(name),
					"%s decides nothing: no rule reads it, and its name is not that of a verdict (deny, violation, warn or info, alone or with _words)", name)
			}
		}
	}
	if len(byName) == 0 && c.problems.Err() == nil {
		at := &ast.Location{}
		for _, m := range c.compiler.Modules {
			at = m.Package.Location
		}
		c.fail(at, "name one deny_…, warn_… or info_…", "there is no rule that could object to anything")
	}
	var out []verdict
	for _, name := range sortedKeys(byName) {
		out = append(out, *byName[name])
	}
	return out
}

// addVerdict notes one part of a verdict. Only a set has elements that are objections: of
// anything else stock tools make a pass.
func (c *compiling) addVerdict(byName map[string]*verdict, m *ast.Module, r *ast.Rule) {
	name := baseName(r)
	if r.Head.DocKind() != ast.PartialSetDoc || len(r.Head.Args) > 0 || len(r.Head.Ref()) > 1 {
		c.fail(r.Location, fmt.Sprintf("write %s contains msg if { … }", name), "%s is a verdict, and only a set of objections can be one", name)
		return
	}
	pkg := strings.TrimPrefix(m.Package.Path.String(), "data.")
	full := name
	if pkg != "main" && c.document == nil {
		full = pkg + "/" + name
	}
	v := byName[full]
	if v == nil {
		v = &verdict{name: full, level: levelOf(name), ref: append(slices.Clone(m.Package.Path), ast.StringTerm(name)), at: r.Location}
		byName[full] = v
		if c.document != nil && c.document.Level != policies.Deny.String() && v.level == policies.Deny {
			c.fail(r.Location, "drop level, or call the rule "+c.document.Level+"_…",
				"its level is %s, and its rule %s denies", c.document.Level, name)
		}
	}
	for _, a := range r.Annotations {
		v.title = cmp.Or(v.title, a.Title)
	}
	v.rules = append(v.rules, r)
	v.text += string(r.Location.Text) + "\n"
}

// baseName is the rule's name without what is in brackets or after a point.
func baseName(r *ast.Rule) string { return strings.Trim(r.Head.Ref()[:1].String(), `"`) }

func levelOf(name string) policies.Level {
	switch prefix, _, _ := strings.Cut(name, "_"); prefix {
	case "warn":
		return policies.Warn
	case "info":
		return policies.Info
	}
	return policies.Deny
}

// isPolicyPackage reports whether a package has a verdict, or is main.
func isPolicyPackage(c *ast.Compiler, path ast.Ref) bool {
	if path.String() == "data.main" {
		return true
	}
	for _, m := range c.Modules {
		if m.Package.Path.Equal(path) && slices.ContainsFunc(m.Rules, func(r *ast.Rule) bool {
			return verdictName.MatchString(baseName(r))
		}) {
			return true
		}
	}
	return false
}

// isRead reports whether another rule reads this one.
func (c *compiling) isRead(r *ast.Rule) bool {
	for _, same := range c.compiler.GetRules(r.Ref()) {
		for by := range c.compiler.Graph.Dependents(same) {
			if other, is := by.(*ast.Rule); is && !other.Ref().Equal(r.Ref()) {
				return true
			}
		}
	}
	return false
}

// nameHint offers what a rule may have been meant to be called.
func nameHint(name string) string {
	word := name
	if i := strings.IndexFunc(name, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') }); i > 0 {
		word = name[:i]
	}
	hint := nearest(strings.ToLower(word), []string{"deny", "violation", "warn", "info"})
	if strings.HasPrefix(hint, "did you") {
		return hint
	}
	return "name it deny_…, warn_… or info_…, or remove it"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
