package algebra

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/musterfleet/muster/selectors"
)

// Index answers many questions about one roster. It remembers what each atom came to, so
// that a question is answered by the set operations between its atoms alone.
//
// Law: Index().Select(s) = Select(s), whatever was asked before.
//
// What it remembers never shows in an answer, but it is state: an Index serves one
// goroutine at a time.
type Index struct {
	roster *Roster
	atoms  *memory
}

// Index remembers nothing yet.
func (r *Roster) Index() *Index { return &Index{r, newMemory(true)} }

// Select is Roster.Select.
func (x *Index) Select(b *selectors.Bound) Fleet {
	e := newEvaluation(x.roster, nil)
	e.atoms = x.atoms
	return e.fleet(b)
}

// memory holds the devices of each atom, by its canonical text.
type memory struct {
	atoms map[string]held
	dense bool // to keep words too, which pays where an atom is asked often
}

// held is the devices on which an atom holds: as a bitmap and, where they are dense, as plain
// words, which several atoms can be joined by without a bitmap in between.
type held struct {
	on    *roaring.Bitmap
	size  uint64
	words []uint64
}

// remembered is how many atoms are kept; one more and all are forgotten. That bounds what a
// long session costs: an atom takes up to a quarter of a byte a device.
const remembered = 256

// sparsest is how many devices there may be for each one that a dense set holds.
const sparsest = 32

func newMemory(dense bool) *memory { return &memory{map[string]held{}, dense} }

func (m *memory) recall(r *Roster, a selectors.Atom) held {
	text := selectors.Print(a)
	h, ok := m.atoms[text]
	if !ok {
		if len(m.atoms) >= remembered {
			clear(m.atoms)
		}
		on := r.atom(a)
		h = held{on: on, size: on.GetCardinality()}
		if m.dense && h.size*sparsest >= uint64(r.Len()) {
			h.words = make([]uint64, (r.Len()+63)/64)
			copy(h.words, on.ToDense())
		}
		m.atoms[text] = h
	}
	return h
}
