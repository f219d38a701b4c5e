package policies

import (
	"cmp"
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

// Ruled is an engine whose policy has rules of its own, in place of the one that every policy
// is. What such a Rule leaves empty is the policy's.
type Ruled interface {
	Rules() []Rule
}

// Rules are the gate's rules, in the order of the policy.
func (g Gate) Rules() []Rule {
	own := Rule{ID: g.policy.Name, Level: g.level, Scope: g.scope, Title: g.policy.Message, Source: g.policy.Source}
	ruled, ok := g.engine.(Ruled)
	if !ok {
		return []Rule{own}
	}
	var out []Rule
	for _, r := range ruled.Rules() {
		r.ID, r.Title, r.Scope = cmp.Or(r.ID, own.ID), cmp.Or(r.Title, own.Title), own.Scope
		r.Level = cmp.Or(r.Level, own.Level)
		if r.Source.File == "" {
			r.Source = own.Source
		}
		out = append(out, r)
	}
	return out
}

// Rules are those of all gates, sorted by their ids.
func (gs Gates) Rules() []Rule {
	var out []Rule
	for _, g := range gs {
		out = append(out, g.Rules()...)
	}
	slices.SortStableFunc(out, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
	return out
}
