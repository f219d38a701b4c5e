package rego

import (
	"reflect"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies/classes"
)

// shape is the parts of a change that a rule is shown: those it reads, and no more, where it is
// known what it reads. The nil shape is all there is.
type shape struct {
	fields map[string]*shape
}

// shapeOf is the parts at paths, which are read whole, and those that are named only.
func shapeOf(read, named []classes.Path) *shape {
	top := &shape{map[string]*shape{}}
	for _, p := range read {
		if len(p) == 0 {
			return nil
		}
		top.take(p, reflect.TypeFor[planfile.Change](), true)
	}
	for _, p := range named {
		top.take(p, reflect.TypeFor[planfile.Change](), false)
	}
	return top
}

// take adds what is at a path in a value of a type. Of a list there are no parts.
func (s *shape) take(p classes.Path, t reflect.Type, whole bool) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for i, key := range p {
		var below reflect.Type
		switch t.Kind() {
		case reflect.Struct:
			if at, ok := fieldAt(t, key); ok {
				below = t.Field(at).Type
			}
		case reflect.Map:
			below = t.Elem()
		}
		if below == nil {
			return // there is no such part
		}
		next, known := s.fields[key]
		if known && next == nil {
			return // all of it is taken
		}
		isLeaf := below.Kind() != reflect.Struct && below.Kind() != reflect.Map && below.Kind() != reflect.Pointer
		if isLeaf || whole && i == len(p)-1 {
			s.fields[key] = nil
			return
		}
		if next == nil {
			next = &shape{map[string]*shape{}}
			s.fields[key] = next
		}
		s, t = next, below
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
	}
}

func fieldAt(t reflect.Type, key string) (int, bool) {
	i := slices.IndexFunc(fieldsOf(t), func(name *ast.Term) bool { return name.Value == ast.String(key) })
	return i, i >= 0
}

// maker makes terms of changes. A deployment that many of them share is one term.
type maker map[shaped]*ast.Term

type shaped struct {
	of *planfile.Deployment
	as *shape
}

// list is the parts of each change that are in a shape.
func (m maker) list(changes []*planfile.Change, s *shape) *ast.Term {
	items := make([]*ast.Term, len(changes))
	for i, c := range changes {
		items[i] = m.of(reflect.ValueOf(c).Elem(), s)
	}
	return ast.ArrayTerm(items...)
}

// of is the parts of a value that are in a shape.
func (m maker) of(v reflect.Value, s *shape) *ast.Term {
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return m.parts(v, s)
	}
	d, ok := v.Interface().(*planfile.Deployment)
	if !ok {
		return term(v)
	}
	at := shaped{d, s}
	made := m[at]
	if made == nil {
		made = m.parts(v.Elem(), s)
		m[at] = made
	}
	return made
}

func (m maker) parts(v reflect.Value, s *shape) *ast.Term {
	var pairs [][2]*ast.Term
	switch {
	case v.Kind() == reflect.Struct:
		for i, key := range fieldsOf(v.Type()) {
			below, taken := (*shape)(nil), s == nil
			if s != nil {
				below, taken = s.fields[string(key.Value.(ast.String))]
			}
			if taken {
				pairs = append(pairs, [2]*ast.Term{key, m.of(v.Field(i), below)})
			}
		}
		return ast.ObjectTerm(pairs...)
	case v.Kind() == reflect.Map && s != nil && !v.IsNil():
		for key := range s.fields { // the order of pairs is not that of keys
			if value := v.MapIndex(reflect.ValueOf(key)); value.IsValid() {
				pairs = append(pairs, [2]*ast.Term{ast.StringTerm(key), term(value)})
			}
		}
		return ast.ObjectTerm(pairs...)
	}
	return term(v)
}
