package rego

import (
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/classes"
)

// CompileReading is CompileDocuments with the analysis of reads broken by a test, if it is, and a
// rule asked about a few changes at a time.
func CompileReading(list []algebra.Policy, data map[string]any, broken func(classes.Reads) classes.Reads) (policies.Gates, diag.List) {
	var gates policies.Gates
	var problems diag.List
	for _, p := range list {
		c := &compiling{modules: []Module{{p.Source.File, p.Text}}, data: data, document: &p, deadline: deadline, atATime: 3, broken: broken}
		more, found := c.gates()
		gates, problems = append(gates, more...), append(problems, found...)
	}
	return gates, problems
}
