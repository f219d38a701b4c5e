package rego

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/musterfleet/muster/selectors"
)

// refuse notes what the parser or the compiler says, with what to write instead.
func (c *compiling) refuse(errs ast.Errors) {
	for _, e := range errs {
		message, hint := e.Message, ""
		switch {
		case strings.HasPrefix(message, "undefined function "):
			name := strings.TrimPrefix(message, "undefined function ")
			if why, no := forbidden[name]; no {
				message = fmt.Sprintf("%s is not for policies: it depends on %s", name, why)
				break
			}
			hint = nearest(name, c.functions())
		case e.Details != nil:
			message, hint = detailed(message, e.Details)
		}
		c.fail(e.Location, hint, "%s", strings.ReplaceAll(message, "rego_type_error: ", ""))
	}
}

// detailed words an error that comes with details.
func detailed(message string, details ast.ErrorDetails) (string, string) {
	missed, ok := details.(*ast.RefErrInvalidDetail)
	if !ok || len(missed.OneOf) == 0 || missed.Pos >= len(missed.Ref) {
		return message + ": " + strings.Join(strings.Fields(strings.Join(details.Lines(), " ")), " "), ""
	}
	var known []string
	for _, v := range missed.OneOf {
		if s, is := v.(ast.String); is {
			known = append(known, string(s))
		}
	}
	word, is := missed.Ref[missed.Pos].Value.(ast.String)
	if !is || len(known) == 0 {
		return message, ""
	}
	return fmt.Sprintf("%s has no %q", missed.Ref[:missed.Pos], string(word)), nearest(string(word), known)
}

// nearest is the likeliest word, or all of them where they are few.
func nearest(word string, known []string) string {
	if near, ok := selectors.Nearest(word, known); ok {
		return "did you mean " + near + "?"
	}
	if len(known) == 0 || len(known) > 30 {
		return ""
	}
	return "known: " + strings.Join(known, ", ")
}

// functions are those a module may call: the builtins, and what the modules define.
func (c *compiling) functions() []string {
	var names []string
	for _, b := range capabilities().Builtins {
		names = append(names, b.Name)
	}
	if c.compiler == nil {
		return names
	}
	for _, m := range c.compiler.Modules {
		for _, r := range m.Rules {
			if len(r.Head.Args) > 0 {
				names = append(names, r.Head.Name.String())
			}
		}
	}
	return names
}
