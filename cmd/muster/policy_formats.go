package main

import (
	"io"

	"github.com/musterfleet/muster/policies/report"
)

// junit and tap write the cases as the reports of a gate are written.
func (t policyTests) junit(to io.Writer) error {
	return report.JUnit(to, "muster policy test", t.rows())
}

func (t policyTests) tap(to io.Writer) error { return report.TAP(to, t.rows()) }

func (t policyTests) rows() []report.Row {
	var out []report.Row
	for _, o := range t.Cases {
		out = append(out, report.Row{Class: "muster.policy", Name: o.Policy + ": " + o.Case, File: o.File, Line: o.Line, Failed: o.Failed})
	}
	return out
}
