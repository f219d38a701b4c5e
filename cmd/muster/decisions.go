package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/rego"
)

// judgedBy is the digest of all that plans are judged by: policies, waivers and levels, modules and
// their data. Where they come from does not matter.
func judgedBy(gates policies.Gates, options policies.Options, modules []rego.Module, data map[string]any) algebra.Digest {
	w := algebra.World{Waivers: options.Waivers, NoGates: options.NoGates}
	for _, g := range gates {
		w.Policies = append(w.Policies, g.Policy())
	}
	var texts []string
	for _, m := range modules {
		texts = append(texts, m.Text)
	}
	b, err := json.Marshal(map[string]any{"documents": w.Digest(), "levels": options.Levels, "allow_stop": options.AllowStop, "modules": texts, "data": data})
	if err != nil {
		panic("muster: " + err.Error()) // what was read as JSON or YAML encodes
	}
	return algebra.DigestOf(b)
}

// record appends what was decided to the decision log, if there is one. A decision that cannot be
// kept is an error: who keeps a log wants it whole.
func (j judging) record(r policies.Report, by rules) error {
	file := cmp.Or(j.log, os.Getenv("MUSTER_DECISION_LOG"))
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.Write(r.Decide(by.digest).Line()) // one write, so that lines of several processes do not mix
		if e := f.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		return fmt.Errorf("decision log: %w", err)
	}
	return nil
}
