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
func (r *Roster) Index() *Index { return &Index{r, newMemory()} }

// Select is Roster.Select.
func (x *Index) Select(b *selectors.Bound) Fleet {
	e := newEvaluation(x.roster, nil)
	e.atoms = x.atoms
	return e.fleet(b)
}

// memory holds the devices of each atom, by its canonical text.
type memory struct{ atoms map[string]*roaring.Bitmap }

// remembered is how many atoms are kept; one more and all are forgotten. That bounds what a
// long session costs: an atom takes up to an eighth of a byte a device.
const remembered = 512

func newMemory() *memory { return &memory{map[string]*roaring.Bitmap{}} }

func (m *memory) recall(a selectors.Atom, decide func() *roaring.Bitmap) *roaring.Bitmap {
	text := selectors.Print(a)
	on, ok := m.atoms[text]
	if !ok {
		if len(m.atoms) >= remembered {
			clear(m.atoms)
		}
		on = decide()
		m.atoms[text] = on
	}
	return on
}
