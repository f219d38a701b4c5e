package policiestest

import (
	"fmt"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
)

// Engine is an engine out of a function.
type Engine func(policies.Input) ([]policies.Finding, error)

// Judge is policies.Engine.
func (e Engine) Judge(in policies.Input) ([]policies.Finding, error) { return e(in) }

// Gate is a gate of a scope and level that judges by a function; it says "name says no".
func Gate(t testing.TB, name, scope, level string, e Engine) policies.Gate {
	t.Helper()
	p := algebra.Policy{Name: name, Scope: scope, Level: level, Message: name + " says no",
		Source: algebra.Source{File: "policies.yaml", Line: len(name)}}
	g, err := policies.NewGate(p, e)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Never objects to all it is asked about, Always to nothing.
func Never(policies.Input) ([]policies.Finding, error)  { return []policies.Finding{{}}, nil }
func Always(policies.Input) ([]policies.Finding, error) { return nil, nil }

// Unless objects to the actions a function does not hold of.
func Unless(holds func(address string, verbs []string) bool) Engine {
	return func(in policies.Input) ([]policies.Finding, error) {
		if in.Change == nil {
			return nil, fmt.Errorf("no action to judge")
		}
		if holds(in.Change.Address, in.Change.Change.Actions) {
			return nil, nil
		}
		return Never(in)
	}
}

// Upgrade is the proposal of most tests: on six devices it replaces web, on three it starts
// new, on one it stops old.
func Upgrade(t testing.TB) policies.Proposal {
	t.Helper()
	before := World(t, Deployment("web", "1", "r/web:latest"), Deployment("old", "1", "r/old:1"),
		Assignment("web", "{edge[001-006]}", "web"), Assignment("old", "{edge001}", "old"))
	after := World(t, Deployment("web", "2", "r/web:2"), Deployment("new", "1", "r/new:1"),
		Assignment("web", "{edge[001-006]}", "web"), Assignment("new", "{edge[001-003]}", "new"))
	return Propose(t, Devices(6), before, after)
}
