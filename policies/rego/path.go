package rego

import (
	"reflect"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies/classes"
)

// path is the part of the change that a term leads into, and whether it is that part and
// nothing below. It is nil if the term is no part of the change.
func (e *element) path(t *ast.Term) (classes.Path, bool) {
	if v, is := t.Value.(ast.Var); is {
		p, ok := e.alias[v]
		return p, ok
	}
	ref, is := t.Value.(ast.Ref)
	if !is {
		return nil, false
	}
	var p classes.Path
	rest := ref
	if v, is := ref[0].Value.(ast.Var); is && e.alias[v] != nil {
		p, rest = e.alias[v], ref[1:]
	} else if n := len(changesRef); len(ref) > n && ref.HasPrefix(changesRef) {
		p, rest = classes.Path{}, ref[n+1:]
	} else {
		return nil, false
	}
	p = append(classes.Path{}, p...)
	for _, key := range rest {
		text, is := key.Value.(ast.String)
		if !is {
			return p, false
		}
		p = append(p, string(text))
	}
	return p, true
}

// isTotal reports whether every change has something at a path: fields of structs, but
// nothing below what may be null, and no key of a map.
func isTotal(p classes.Path) bool {
	t := reflect.TypeFor[planfile.Change]()
	for _, key := range p {
		if t.Kind() != reflect.Struct {
			return false
		}
		found := false
		for i := range t.NumField() {
			if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name == key {
				t, found = t.Field(i).Type, true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}
