package policies

import (
	"errors"
	"fmt"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner/planfile"
)

// Step is a part of a policy, and what it came to on one input.
type Step struct {
	Depth int
	Text  string
	Value string // empty where it was not looked at
}

// Explanation is how an engine came to what it finds.
type Explanation struct {
	Steps []Step
	// Covered are those of Explained.Parts that were exercised.
	Covered []string
}

// Explained is an engine that can say how it comes to what it finds. It is slower than Judge.
type Explained interface {
	Explain(in Input) (Explanation, error)
	// Parts are what tests of the policy are to exercise, in its order, as people read it.
	Parts() []string
}

// Explain is how a gate comes to what it finds of an input of its scope.
func (g Gate) Explain(in Input) (Explanation, error) {
	e, ok := g.engine.(Explained)
	if !ok {
		return Explanation{}, errors.New("its engine cannot say how it judges")
	}
	return e.Explain(in)
}

// Parts are what tests of the gate's policy are to exercise.
func (g Gate) Parts() []string {
	if e, ok := g.engine.(Explained); ok {
		return e.Parts()
	}
	return nil
}

// Inputs are what a gate is asked about in a plan: each action, or each batch, or the plan.
// Of actions on devices it does not match Review does not ask it; see Matches.
func (g Gate) Inputs(f *planfile.File) []Input {
	var out []Input
	switch g.scope {
	case Action:
		for i := range f.ResourceChanges {
			if c := &f.ResourceChanges[i]; c.Type == "deployment" && !slices.Contains(c.Change.Actions, "no-op") {
				out = append(out, Input{File: f, Change: &f.ResourceChanges[i]})
			}
		}
	case Batch:
		for i := range f.Batches {
			out = append(out, Input{File: f, Batch: &f.Batches[i]})
		}
	case Plan, Aggregate:
		out = append(out, Input{File: f})
	default:
		panic(fmt.Sprintf("policies: %s", g.scope))
	}
	return out
}

// Matches reports whether a gate is asked about an input, by the device of its action.
func (g Gate) Matches(in Input) bool {
	if g.policy.Match == nil || in.Change == nil {
		return true
	}
	d := in.Change.Device
	id, err := algebra.ParseDeviceID(d.ID)
	return err == nil && g.policy.Match.Matches(algebra.Device{ID: id, Labels: d.Labels, Facts: d.Facts})
}
