package policies

import (
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
)

// Rule is one rule of a policy set, as reports list it whether or not it found anything.
type Rule struct {
	// ID is what Result.Rule names it by.
	ID    string
	Level Level
	Scope Scope
	// Title says in a line what it asks for; empty where the policy does not say.
	Title  string
	Source algebra.Source
}

// Rule is the rule that the gate is.
func (g Gate) Rule() Rule {
	return Rule{ID: g.policy.Name, Level: g.level, Scope: g.scope, Title: g.policy.Message, Source: g.policy.Source}
}

// Rules are those of all gates, sorted by their ids.
func (gs Gates) Rules() []Rule {
	var out []Rule
	for _, g := range gs {
		out = append(out, g.Rule())
	}
	slices.SortStableFunc(out, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
	return out
}
