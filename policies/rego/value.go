package rego

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

// term is a part of the plan as OPA reads it: exactly what its JSON would give, without the
// detour over text.
func term(v reflect.Value) *ast.Term {
	switch v.Kind() {
	case reflect.String:
		return ast.StringTerm(v.String())
	case reflect.Bool:
		return ast.InternedTerm(v.Bool())
	case reflect.Int, reflect.Int64:
		return ast.InternedTerm(int(v.Int()))
	case reflect.Uint64:
		return ast.UIntNumberTerm(v.Uint())
	case reflect.Pointer:
		if v.IsNil() {
			return ast.NullTerm()
		}
		return term(v.Elem())
	case reflect.Slice:
		if v.IsNil() {
			return ast.NullTerm()
		}
		items := make([]*ast.Term, v.Len())
		for i := range items {
			items[i] = term(v.Index(i))
		}
		return ast.ArrayTerm(items...)
	case reflect.Map:
		if v.IsNil() {
			return ast.NullTerm()
		}
		return mapping(v)
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			return ast.StringTerm(t.Format(time.RFC3339Nano))
		}
		fields := fieldsOf(v.Type())
		pairs := make([][2]*ast.Term, len(fields))
		for i, key := range fields {
			pairs[i] = [2]*ast.Term{key, term(v.Field(i))}
		}
		return ast.ObjectTerm(pairs...)
	}
	panic("rego: the plan file holds a " + v.Type().String())
}

// mapping converts the keys in order, so that equal plans give equal terms.
func mapping(v reflect.Value) *ast.Term {
	switch m := v.Interface().(type) {
	case map[string]string:
		return texts(m)
	case planfile.Labels:
		return texts(m)
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	pairs := make([][2]*ast.Term, len(keys))
	for i, k := range keys {
		pairs[i] = [2]*ast.Term{ast.StringTerm(k.String()), term(v.MapIndex(k))}
	}
	return ast.ObjectTerm(pairs...)
}

// texts is mapping of most maps there are.
func texts(m map[string]string) *ast.Term {
	var few [16]string
	keys := few[:0]
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	pairs := make([][2]*ast.Term, len(keys))
	for i, k := range keys {
		pairs[i] = [2]*ast.Term{ast.StringTerm(k), ast.StringTerm(m[k])}
	}
	return ast.ObjectTerm(pairs...)
}

var fieldNames sync.Map // of reflect.Type to []*ast.Term

// fieldsOf are the JSON names of a struct's fields, in their order.
func fieldsOf(t reflect.Type) []*ast.Term {
	if known, ok := fieldNames.Load(t); ok {
		return known.([]*ast.Term)
	}
	names := make([]*ast.Term, t.NumField())
	for i := range names {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		names[i] = ast.StringTerm(name)
	}
	fieldNames.Store(t, names)
	return names
}

// partKey and changeKey are what of a plan is kept in a Memo.
type (
	partKey   string // a top-level key
	changeKey struct{ *planfile.Change }
)

// input is the document a rule is asked about: of the plan, the parts it needs, and of its
// changes those given, each in a shape; nil stands for all.
func input(in policies.Input, needs needs, changes []*planfile.Change, as *shape) ast.Value {
	file := reflect.ValueOf(in.File).Elem()
	var pairs [][2]*ast.Term
	for i, key := range fieldsOf(file.Type()) {
		name := string(key.Value.(ast.String))
		var value *ast.Term
		switch {
		case !needs.has(name):
			continue
		case name == "resource_changes" && as != nil:
			value = maker{}.list(changes, as)
		case name == "resource_changes" && changes != nil:
			value = terms(in.Memo, changes)
		case name == "resource_changes" && in.File.ResourceChanges != nil:
			value = in.Memo.Get(partKey(name), func() any { return maker{}.list(all(in.File), nil) }).(*ast.Term)
		case name == "batches" && in.Batch != nil:
			value = ast.ArrayTerm(term(reflect.ValueOf(*in.Batch)))
		default:
			value = in.Memo.Get(partKey(name), func() any { return term(file.Field(i)) }).(*ast.Term)
		}
		pairs = append(pairs, [2]*ast.Term{key, value})
	}
	return ast.NewObject(pairs...)
}

func terms(memo *policies.Memo, changes []*planfile.Change) *ast.Term {
	items := make([]*ast.Term, len(changes))
	for i, c := range changes {
		items[i] = memo.Get(changeKey{c}, func() any { return term(reflect.ValueOf(c).Elem()) }).(*ast.Term)
	}
	return ast.ArrayTerm(items...)
}

// needs are the top-level keys of the plan that a rule reads; nil is all of them.
type needs map[string]bool

func (n needs) has(key string) bool { return n == nil || n[key] }

// inputs finds what a verdict, with all it uses, reads of its input.
func (c *compiling) inputs(v verdict) needs { return inputsOf(c.reach(v.rules)) }

// inputsOf are the top-level keys that rules read, nil if not by literal keys alone.
func inputsOf(rules []*ast.Rule) needs {
	found := needs{}
	whole := false
	var visit func(x any)
	visit = func(x any) {
		ast.WalkTerms(x, func(t *ast.Term) bool {
			if v, is := t.Value.(ast.Var); is {
				whole = whole || v.Equal(ast.InputRootDocument.Value)
			}
			ref, is := t.Value.(ast.Ref)
			if !is || len(ref) < 2 || !ref.HasPrefix(ast.InputRootRef) {
				return false
			}
			key, ground := ref[1].Value.(ast.String)
			if !ground {
				return false // its head is the whole input
			}
			found[string(key)] = true
			for _, rest := range ref[2:] {
				visit(rest)
			}
			return true
		})
	}
	for _, r := range rules {
		visit(r)
	}
	if whole {
		return nil
	}
	return found
}

// reach are rules and all they use, directly or not.
func (c *compiling) reach(from []*ast.Rule) []*ast.Rule {
	var out []*ast.Rule
	seen := map[*ast.Rule]bool{}
	var add func(r *ast.Rule)
	add = func(r *ast.Rule) {
		if seen[r] {
			return
		}
		seen[r] = true
		out = append(out, r)
		for to := range c.compiler.Graph.Dependencies(r) {
			if next, is := to.(*ast.Rule); is {
				add(next)
			}
		}
	}
	for _, r := range from {
		add(r)
	}
	return out
}
