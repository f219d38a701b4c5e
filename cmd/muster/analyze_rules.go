package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/possible"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// mostClashes is how many conflicts one answer tells.
const mostClashes = 50

// clashing is the pairs of rules that can clash on some device.
type clashing struct {
	Conflicts []clashRow `json:"conflicts"`
	basis
}

// clashRow is one pair of rules that can clash.
type clashRow struct {
	A        ruleSide         `json:"a"`
	B        ruleSide         `json:"b"`
	Resource string           `json:"resource"` // empty where both are of one app
	Where    string           `json:"where"`    // the devices that get both; empty if it is no expression
	Witness  *analysis.Device `json:"witness"`
	Actual   *live            `json:"actual"`
}

// ruleSide is one rule of a pair.
type ruleSide struct {
	Rule       string          `json:"rule"`
	Assignment string          `json:"assignment"` // empty in an expression
	Deployment string          `json:"deployment"`
	Priority   int             `json:"priority"`
	Source     *algebra.Source `json:"source"`
}

func sideOf(c possible.Claim) ruleSide {
	out := ruleSide{Rule: selectors.Print(c.Rule), Assignment: c.By, Deployment: c.Deployment(), Priority: c.Priority}
	if c.Source.File != "" {
		out.Source = &c.Source
	}
	return out
}

// String says which rule it is.
func (r ruleSide) String() string {
	if r.Assignment == "" {
		return r.Rule
	}
	return fmt.Sprintf("%s: %s (%s)", r.Assignment, r.Rule, r.Source)
}

// claims are those of an assignment, or of the whole World where none is asked about.
func (a analyst) claims(p *posed) []possible.Claim {
	if p == nil {
		return possible.Claims(a.ground.world)
	}
	return possible.Of(p.bound)
}

func (a analyst) conflicts(p *posed) (answer, error) {
	found, err := possible.Conflicts(a.options(), a.claims(p), possible.HoldingsOf(a.ground.world), mostClashes)
	if err != nil {
		return nil, err
	}
	out := clashing{Conflicts: []clashRow{}, basis: a.basis()}
	for _, c := range found {
		row := clashRow{A: sideOf(c.A), B: sideOf(c.B), Resource: string(c.Resource), Witness: &c.Witness}
		if b, ok := a.bindText(possible.Meet(c)); ok {
			row.Where = a.short(b)
			row.Actual = asLive(a.actual(func() algebra.Fleet { return a.ground.demand.Fleet(b) }))
		}
		out.Conflicts = append(out.Conflicts, row)
	}
	return out, nil
}

// bindText binds an expression that was put together of parts of others.
func (a analyst) bindText(x selectors.Expr) (*selectors.Bound, bool) {
	if x == nil {
		return nil, false
	}
	b, err := selectors.Bind(x, a.scope)
	return b, err == nil
}

// short is the shortest text found for a set.
func (a analyst) short(b *selectors.Bound) string {
	if x, err := analysis.Simplify(a.options(), b); err == nil {
		return selectors.Print(x)
	}
	return selectors.Print(b.Expr())
}

func (c clashing) holds() bool { return len(c.Conflicts) > 0 }

func (c clashing) lines() []string {
	if len(c.Conflicts) == 0 {
		return c.assumptions([]string{"no conflict: no device can get two deployments that clash"})
	}
	var out []string
	for _, r := range c.Conflicts {
		why := fmt.Sprintf("%s and %s, both at priority %d", r.A.Deployment, r.B.Deployment, r.A.Priority)
		if r.Resource != "" {
			why = fmt.Sprintf("%s and %s, which both hold %s", r.A.Deployment, r.B.Deployment, r.Resource)
		}
		out = append(out, why, "  "+r.A.String(), "  "+r.B.String())
		if r.Where != "" {
			out = append(out, "  on "+r.Where)
		}
		out = append(out, "  possible: "+r.Witness.String())
		if r.Actual != nil {
			out = append(out, "  "+r.Actual.told(c.total))
		}
	}
	if len(c.Conflicts) == mostClashes {
		out = append(out, fmt.Sprintf("there may be more than these %d", mostClashes))
	}
	return c.assumptions(out)
}

// covered is who gets what: for each app the device space cut into parts, one for each outcome.
type covered struct {
	Parts []coverRow `json:"parts"`
	basis
}

// coverRow is a part of the device space. Deployments are none for who gets nothing, and several
// for a conflict.
type coverRow struct {
	App         string           `json:"app"`
	Deployments []string         `json:"deployments"`
	Devices     string           `json:"devices"` // an expression; empty where it is none
	Witness     *analysis.Device `json:"witness"`
	Actual      *live            `json:"actual"`
}

func (a analyst) cover(p *posed) (answer, error) {
	parts, err := possible.Cover(a.options(), a.claims(p))
	if err != nil {
		return nil, err
	}
	out := covered{Parts: []coverRow{}, basis: a.basis()}
	for _, part := range parts {
		row := coverRow{App: part.App, Deployments: append([]string{}, part.Deployments...), Witness: &part.Witness}
		if b, ok := a.bindText(part.Expr); ok {
			row.Devices = a.short(b)
			row.Actual = asLive(a.actual(func() algebra.Fleet { return a.ground.demand.Fleet(b) }))
		}
		out.Parts = append(out.Parts, row)
	}
	return out, nil
}

func (c covered) holds() bool {
	return !slices.ContainsFunc(c.Parts, func(r coverRow) bool { return len(r.Deployments) == 0 })
}

func (c covered) lines() []string {
	if len(c.Parts) == 0 {
		return []string{"there are no rules"}
	}
	heads := []string{"APP", "DEPLOYMENT", "DEVICES"}
	if c.total > 0 {
		heads = []string{"APP", "DEPLOYMENT", "NOW", "DEVICES"}
	}
	var rows [][]string
	for _, r := range c.Parts {
		what := strings.Join(r.Deployments, " ! ")
		if what == "" {
			what = "(none)"
		}
		row := []string{r.App, what}
		if c.total > 0 {
			now := "?"
			if r.Actual != nil {
				now = fmt.Sprint(r.Actual.Count)
			}
			row = append(row, now)
		}
		devices := r.Devices
		if devices == "" {
			devices = "such as " + r.Witness.String()
		}
		rows = append(rows, append(row, devices))
	}
	var b strings.Builder
	_ = table(&b, heads, rows) // a builder takes all
	return c.assumptions(strings.Split(strings.TrimRight(b.String(), "\n"), "\n"))
}
