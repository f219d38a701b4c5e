package rego

import (
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/classes"
)

// tableKey is where a Memo keeps the table of all changes of the plan.
type tableKey struct{}

// byClass judges a whole plan by a rule that asks of each change by itself: first on one
// change of each class, all at once; then, where that finds something, on all changes of the
// classes it is about. What is found is what asking of all finds.
func (e *engine) byClass(in policies.Input) ([]policies.Finding, error) {
	table := in.Memo.Get(tableKey{}, func() any { return classes.NewTable(all(in.File)) }).(*classes.Table)
	partition := table.Partition(e.reads.Verdict)
	const few = 2 // times as many changes as classes make it worth while
	if len(partition.Of) < few*len(partition.First) {
		return e.ask(in, nil)
	}
	first := make([]*planfile.Change, len(partition.First))
	for class, i := range partition.First {
		first[class] = &in.File.ResourceChanges[i]
	}
	found, err := e.ask(in, first)
	if err == nil && len(found) == 0 {
		return nil, nil
	}
	loud := make([]bool, len(first))
	if err != nil || e.isLoud(in, []*planfile.Change{}) || !e.search(in, first, loud) {
		return e.ask(in, nil) // it fails, or objects to no change in particular
	}
	var members []*planfile.Change
	for i, class := range partition.Of {
		if loud[class] {
			members = append(members, &in.File.ResourceChanges[i])
		}
	}
	return e.ask(in, members)
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
