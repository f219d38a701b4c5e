package main

import (
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/cel"
	"github.com/musterfleet/muster/policies/rego"
)

// compile makes gates of Policy documents, each by the engine of its language.
func compile(list []algebra.Policy) (policies.Gates, diag.List) {
	var inRego, others []algebra.Policy
	for _, p := range list {
		if p.Language == "rego" {
			inRego = append(inRego, p)
		} else {
			others = append(others, p) // a language nobody knows is an error of the CEL engine
		}
	}
	gates, problems := cel.Compile(others)
	more, found := rego.CompileDocuments(inRego, nil)
	return append(gates, more...), append(problems, found...)
}
