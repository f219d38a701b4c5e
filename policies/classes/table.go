package classes

import (
	"slices"
	"strings"
	"sync"

	"github.com/musterfleet/muster/planner/planfile"
)

// Path names a part of a change by the keys of the plan file. A first key of Deployment means
// what starts or, where nothing starts, what stops. The empty path is the whole change.
type Path []string

// Deployment is the first key of paths into after or, where that is null, into before.
const Deployment = "deployment"

// Covers reports whether p is q or above it.
func (p Path) Covers(q Path) bool { return len(p) <= len(q) && slices.Equal(p, q[:len(p)]) }

// Meets reports whether one of two paths covers the other.
func (p Path) Meets(q Path) bool { return p.Covers(q) || q.Covers(p) }

func (p Path) String() string { return strings.Join(p, ".") }

// Reads are the parts of a change that an answer about it depends on. Changes that agree on
// Verdict and Each all get an empty answer, or none does; those that agree on Words too get the
// same one.
type Reads struct {
	Verdict, Words []Path
	// Each, if any, is Labels or Facts, and not among Verdict: the answer asks of each entry by
	// itself. Where there are entries, it is empty if it is with each of them as the only one.
	Each Path
}

// All are the paths that tell changes with different answers apart.
func (r Reads) All() []Path {
	all := slices.Concat(r.Verdict, r.Words)
	if r.Each != nil {
		all = append(all, r.Each)
	}
	return all
}

// Table holds the changes of one plan. It is safe for concurrent use.
type Table struct {
	changes []*planfile.Change
	twins   []string // keys under which the second half differs from the first; nil: it is no second half
	made    sync.Map // of string to func() Partition
}

// NewTable is a table of these changes, which must not be changed as long as it is used.
func NewTable(changes []*planfile.Change) *Table { return &Table{changes: changes} }

// NewTwins is a table of changes and, after them, of a twin of each in the same order, which agrees
// with it on all but what is under some first keys. What twins agree on is read once.
func NewTwins(changes []*planfile.Change, differ ...string) *Table {
	return &Table{changes: changes, twins: append(differ, Deployment)}
}

// alike reports whether twins agree on a path.
func (t *Table) alike(p Path) bool {
	return t.twins != nil && len(p) > 0 && !slices.Contains(t.twins, p[0])
}

// Partition puts changes that agree on all paths into one class.
func (t *Table) Partition(paths []Path) Partition {
	paths = reduced(paths)
	if len(paths) == 1 {
		return t.column(paths[0])
	}
	var key strings.Builder
	for _, p := range paths {
		key.WriteString(p.key())
	}
	return t.once(key.String(), func() Partition {
		all := Partition{Of: make([]uint32, len(t.changes)), First: []int{0}}
		if len(t.changes) == 0 {
			all.First = nil
		}
		for _, p := range paths {
			if len(all.First) < len(t.changes) {
				all = all.meet(t.column(p))
			}
		}
		return all
	})
}

// key is a text no other path has.
func (p Path) key() string {
	var b strings.Builder
	for _, k := range p {
		b.WriteString(strings.ReplaceAll(k, "\x00", "\x00\x01"))
		b.WriteString("\x00\x02")
	}
	b.WriteString("\x00\x03")
	return b.String()
}

func (t *Table) once(key string, do func() Partition) Partition {
	f, _ := t.made.LoadOrStore(key, sync.OnceValue(do))
	return f.(func() Partition)()
}

// column is the partition by one path.
func (t *Table) column(p Path) Partition {
	return t.once(p.key(), func() Partition {
		if !t.alike(p) {
			return number(t.changes, p)
		}
		half := number(t.changes[:len(t.changes)/2], p)
		half.Of = append(half.Of, half.Of...)
		return half
	})
}

// reduced are the paths without those another one covers, sorted.
func reduced(paths []Path) []Path {
	sorted := slices.SortedFunc(slices.Values(paths), func(a, b Path) int { return slices.Compare(a, b) })
	var out []Path
	for _, p := range sorted {
		if len(out) == 0 || !out[len(out)-1].Covers(p) {
			out = append(out, p)
		}
	}
	return out
}
