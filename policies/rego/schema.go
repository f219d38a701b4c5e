package rego

import (
	"encoding/json"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/musterfleet/muster/planner/planfile"
)

// planSchema is the JSON Schema of plan files as the type checker takes it.
var planSchema = sync.OnceValue(func() *ast.SchemaSet { return schemaSet(false) })

// solidSchema is the same with nothing that may be null. OPA's checker takes what may be null
// for anything at all, and so finds no misspelt key below it; under this schema it does, and
// only that is asked of it, as comparisons with null are no mistakes.
var solidSchema = sync.OnceValue(func() *ast.SchemaSet { return schemaSet(true) })

func schemaSet(solid bool) *ast.SchemaSet {
	var raw any
	if err := json.Unmarshal(planfile.Schema(), &raw); err != nil {
		panic("rego: " + err.Error()) // it was made by us
	}
	if solid {
		raw = withoutNull(raw)
	}
	s := ast.NewSchemaSet()
	s.Put(ast.SchemaRootRef, raw)
	return s
}

// withoutNull takes the first of the alternatives wherever a schema has some: the other is null.
func withoutNull(schema any) any {
	switch s := schema.(type) {
	case map[string]any:
		if either, ok := s["anyOf"].([]any); ok {
			return withoutNull(either[0])
		}
		for key, one := range s {
			s[key] = withoutNull(one)
		}
	case []any:
		for i, one := range s {
			s[i] = withoutNull(one)
		}
	}
	return schema
}
