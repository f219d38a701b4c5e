package classes

import (
	"slices"

	"github.com/musterfleet/muster/planner/planfile"
)

// Labels and Facts are the maps that Reads.Each may be.
var (
	Labels = Path{"device", "labels"}
	Facts  = Path{"device", "facts"}
)

// Questions are what to ask to know of which changes the answer is empty: it is if the answers to
// all questions of the change are.
type Questions struct {
	// Ask are the changes to ask about.
	Ask []*planfile.Change
	// First are their places in the table, if each change has one question, which is a change like it.
	// It is nil if there is a question for each entry, which is a change with that entry alone.
	First []int

	of    []uint32 // the questions of all changes, one after the other
	ends  []uint32 // where those of a change end, if it has several
	count int      // of changes; those after them are their twins, with the same questions
}

// Of are the questions of the i-th change, as places in Ask.
func (q Questions) Of(i int) []uint32 {
	i %= q.count
	if q.ends == nil {
		return q.of[i : i+1]
	}
	begin := uint32(0)
	if i > 0 {
		begin = q.ends[i-1]
	}
	return q.of[begin:q.ends[i]]
}

// Questions are those of what an answer reads: one for each class of changes or, where it asks of each
// entry of a map, for each entry in each class. If entries are as many as changes, it is one for each
// class of changes with the same map.
func (t *Table) Questions(r Reads) Questions {
	p := t.Partition(r.Verdict)
	if r.Each != nil {
		if q, ok := t.entries(p, r); ok {
			return q
		}
		p = t.Partition(append(slices.Clone(r.Verdict), r.Each))
	}
	q := Questions{of: p.Of, count: len(p.Of), First: p.First, Ask: make([]*planfile.Change, len(p.First))}
	for class, i := range p.First {
		q.Ask[class] = t.changes[i]
	}
	return q
}

// entry is one entry of a map of changes of one class, or that there is none.
type entry struct {
	class      uint32
	key, value string
	none, null bool
}

// entries are the questions by class and entry. It is false if they are too many to be worth while.
func (t *Table) entries(p Partition, r Reads) (Questions, bool) {
	q := Questions{count: len(t.changes)}
	if !slices.ContainsFunc(r.All(), func(p Path) bool { return !t.alike(p) }) {
		q.count /= 2
	}
	known := map[entry]uint32{}
	note := func(at entry, c *planfile.Change) {
		number, ok := known[at]
		if !ok {
			number = uint32(len(q.Ask))
			known[at] = number
			if !at.none {
				c = withOnly(c, r.Each, at.key, at.value)
			}
			q.Ask = append(q.Ask, c)
		}
		q.of = append(q.of, number)
	}
	for i, c := range t.changes[:q.count] {
		m := *mapAt(c, r.Each)
		if i == 0 {
			q.of = make([]uint32, 0, q.count*(len(m)+1))
		}
		for key, value := range m {
			note(entry{class: p.Of[i], key: key, value: value}, c)
		}
		if len(m) == 0 {
			note(entry{class: p.Of[i], none: true, null: m == nil}, c)
		}
		q.ends = append(q.ends, uint32(len(q.of)))
		if len(q.Ask) > q.count/2+1 {
			return Questions{}, false
		}
	}
	return q, true
}

// mapAt is the map at Labels or Facts.
func mapAt(c *planfile.Change, p Path) *map[string]string {
	switch {
	case slices.Equal(p, Labels):
		return &c.Device.Labels
	case slices.Equal(p, Facts):
		return &c.Device.Facts
	}
	panic("classes: " + p.String() + " is not asked of entry by entry")
}

// withOnly is a change with one entry of a map alone.
func withOnly(c *planfile.Change, p Path, key, value string) *planfile.Change {
	one := *c
	*mapAt(&one, p) = map[string]string{key: value}
	return &one
}
