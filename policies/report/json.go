package report

import (
	"cmp"
	"encoding/json"
	"io"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
)

// document is the JSON form. Its keys are always all there.
type document struct {
	Kind          string            `json:"kind"`
	FormatVersion string            `json:"format_version"`
	Plan          plan              `json:"plan"`
	Now           time.Time         `json:"now"`
	Verdict       string            `json:"verdict"`
	Summary       summary           `json:"summary"`
	Rules         []rule            `json:"rules"`
	Results       []policies.Result `json:"results"`
	Waivers       []waiver          `json:"waivers"`
}

type plan struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	File   string `json:"file"`
}

type summary struct {
	Policies    int `json:"policies"`
	Evaluations int `json:"evaluations"`
	Denied      int `json:"denied"`
	Warnings    int `json:"warnings"`
	Notes       int `json:"notes"`
	Waived      int `json:"waived"`
}

type rule struct {
	ID     string         `json:"id"`
	Level  policies.Level `json:"level"`
	Scope  string         `json:"scope"`
	Title  string         `json:"title"`
	Source algebra.Source `json:"source"`
}

type waiver struct {
	Name       string         `json:"name"`
	Rule       string         `json:"rule"`
	Owner      string         `json:"owner"`
	Reason     string         `json:"reason"`
	Expires    time.Time      `json:"expires"`
	Expired    bool           `json:"expired"`
	Violations int            `json:"violations"`
	Source     algebra.Source `json:"source"`
}

func writeJSON(to io.Writer, g Gate) error {
	f := g.File
	d := document{Kind: "PolicyReport", FormatVersion: "1.0", Now: f.Now, Verdict: g.Verdict(),
		Plan: plan{f.Metadata.Name, f.Metadata.Digest, g.Plan},
		Summary: summary{g.Policies, g.Evaluations, g.Count(policies.Deny), g.Count(policies.Warn), g.Count(policies.Info),
			g.WaivedCount()},
		Rules: []rule{}, Results: []policies.Result{}, Waivers: []waiver{}}
	for _, r := range g.rules() {
		d.Rules = append(d.Rules, rule{r.ID, r.Level, r.Scope.String(), r.Title, r.Source})
	}
	for _, r := range g.Results {
		if r.Details == nil {
			r.Details = map[string]any{}
		}
		d.Results = append(d.Results, r)
	}
	for _, w := range g.Waivers {
		d.Waivers = append(d.Waivers, waiver{w.Name, w.Rule, w.Owner, w.Reason, w.Expires, w.Expired, w.Violations, w.Source})
	}
	return indented(to, d)
}

func indented(to io.Writer, v any) error {
	e := json.NewEncoder(to)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// title says what a rule asks for.
func title(r policies.Rule) string { return oneLine(cmp.Or(r.Title, r.ID)) }
