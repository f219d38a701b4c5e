package main

import (
	"fmt"
	"strings"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
)

// explained prints how a rule comes to its verdict on a change. A rule about the plan or a
// batch needs no change.
func (g *gating) explained(file planfile.File, rules rules, args []string) error {
	gate, err := gateOf(rules.gates, g.explain)
	if err != nil {
		return err
	}
	address := strings.Join(args, "")
	if gate.Scope() == policies.Action && address == "" {
		return fmt.Errorf("gate: rule %s judges actions; name one by its id or address after the plan: %s", g.explain, someAddress(file))
	}
	n := 0
	for _, in := range gate.Inputs(&file) {
		of := gate.Scope().String()
		switch {
		case in.Change != nil:
			if in.Change.ID != address && in.Change.Address != address {
				continue
			}
			of = in.Change.Address + " (" + in.Change.ID + ")"
		case in.Batch != nil:
			of = fmt.Sprintf("batch %d", in.Batch.Index)
		}
		n++
		g.console.explain(gate, in, of)
	}
	if n == 0 {
		return fmt.Errorf("gate: the plan has no change %s; it has %s", address, someAddress(file))
	}
	return nil
}

// explain prints the steps of one judgement, and what was found.
func (c *console) explain(gate policies.Gate, in policies.Input, of string) {
	if !gate.Matches(in) {
		fmt.Fprintf(c.out, "%s on %s: not asked, as its match leaves the device out\n", gate.Name(), of)
		return
	}
	steps, err := gate.Explain(in)
	found, _ := gate.Judge(in)
	verdict := "holds"
	switch {
	case err != nil:
		verdict = "cannot be evaluated: " + err.Error()
	case len(found) > 0:
		verdict = "objects (" + gate.Level().String() + ")"
	}
	fmt.Fprintf(c.out, "%s on %s: %s\n", gate.Name(), of, verdict)
	for _, f := range found {
		if f.Msg != "" {
			fmt.Fprintf(c.out, "  %s\n", f.Msg)
		}
	}
	for _, s := range steps.Steps {
		value := "  = " + s.Value
		if s.Value == "" {
			value = "  not looked at"
		}
		fmt.Fprintf(c.out, "  %s%s%s\n", strings.Repeat("  ", s.Depth), s.Text, value)
	}
}

// gateOf is the gate that has a rule.
func gateOf(gates policies.Gates, rule string) (policies.Gate, error) {
	for _, gate := range gates {
		if gate.Name() == rule {
			return gate, nil
		}
	}
	known := ruleNames(gates)
	return policies.Gate{}, fmt.Errorf("no policy has a rule %s; %s", rule, suggest(rule, known, "known: "+strings.Join(known, ", ")))
}

// someAddress is the addresses of a plan, or its first.
func someAddress(f planfile.File) string {
	var out []string
	for _, c := range f.ResourceChanges {
		if c.Type == "deployment" {
			out = append(out, c.Address)
		}
	}
	switch n := len(out); {
	case n == 0:
		return "no actions"
	case n > 3:
		return strings.Join(out[:3], ", ") + fmt.Sprintf(" and %d more", n-3)
	}
	return strings.Join(out, ", ")
}
