package rego

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/classes"
)

// tableKey is where a Memo keeps the table of all changes of the plan.
type tableKey struct{}

// byClass judges a whole plan by a rule that asks of each change by itself: first the
// questions of all classes at once; then, where that finds something, all changes that have one of
// those it is about. What is found is what asking of all finds.
func (e *engine) byClass(in policies.Input) ([]policies.Finding, error) {
	table := in.Memo.Get(tableKey{}, func() any { return classes.NewTable(all(in.File)) }).(*classes.Table)
	questions := table.Questions(e.reads)
	first := questions.Ask
	const few = 2 // times as many changes as questions make it worth while
	if len(in.File.ResourceChanges) < few*len(first) {
		return e.inParts(in, all(in.File))
	}
	found, err := e.inParts(in, first)
	if err == nil && len(found) == 0 {
		return nil, nil
	}
	loud := make([]bool, len(first))
	if err != nil || e.isLoud(in, []*planfile.Change{}) || !e.search(in, first, loud) {
		return e.ask(in, nil) // it fails, or objects to no change in particular
	}
	var members []*planfile.Change
	for i := range in.File.ResourceChanges {
		if slices.ContainsFunc(questions.Of(i), func(q uint32) bool { return loud[q] }) {
			members = append(members, &in.File.ResourceChanges[i])
		}
	}
	return e.inParts(in, members)
}

// atATime is how many changes a rule that asks of each by itself is asked about at a time: what
// OPA makes of a change takes kilobytes.
const atATime = 4096

// inParts is ask of the changes, some at a time: the union of what is found, in the order of the
// set it is.
func (e *engine) inParts(in policies.Input, changes []*planfile.Change) ([]policies.Finding, error) {
	if len(changes) <= e.atATime {
		return e.ask(in, changes)
	}
	var union []ast.Value
	for part := range slices.Chunk(changes, e.atATime) {
		found, err := e.eval(in, part)
		if err != nil {
			return e.ask(in, nil) // which of several errors is told must not depend on parts
		}
		set, err := ast.InterfaceToValue(found)
		if err != nil {
			return nil, err
		}
		list, ok := set.(*ast.Array)
		if !ok {
			return findings(found)
		}
		list.Foreach(func(t *ast.Term) { union = append(union, t.Value) })
	}
	slices.SortFunc(union, ast.Value.Compare)
	union = slices.CompactFunc(union, func(a, b ast.Value) bool { return a.Compare(b) == 0 })
	all := make([]any, len(union))
	for i, v := range union {
		var err error
		if all[i], err = ast.JSON(v); err != nil {
			return nil, err
		}
	}
	return findings(all)
}

// search finds the changes of a list that are objected to, by halves. It reports false if an
// evaluation fails.
func (e *engine) search(in policies.Input, list []*planfile.Change, loud []bool) bool {
	found, err := e.ask(in, list)
	switch {
	case err != nil:
		return false
	case len(found) == 0:
		return true
	case len(list) == 1:
		loud[0] = true
		return true
	}
	half := len(list) / 2
	return e.search(in, list[:half], loud[:half]) && e.search(in, list[half:], loud[half:])
}

func (e *engine) isLoud(in policies.Input, changes []*planfile.Change) bool {
	found, err := e.ask(in, changes)
	return err != nil || len(found) > 0
}

func all(f *planfile.File) []*planfile.Change {
	out := make([]*planfile.Change, len(f.ResourceChanges))
	for i := range out {
		out[i] = &f.ResourceChanges[i]
	}
	return out
}
