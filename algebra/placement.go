package algebra

import (
	"fmt"
	"iter"
	"maps"
	"slices"
)

// Placement says which release fills each app's slot on each device of a roster: a column of
// codes for each app, so that a million devices cost four bytes a slot. It is immutable.
type Placement struct {
	roster   *Roster
	columns  map[App][]uint32 // for each ordinal 0, or one more than an index into releases
	releases []Release
}

// Placing builds a Placement.
type Placing struct {
	p     Placement
	codes map[Release]uint32
}

// NewPlacing starts from empty slots.
func NewPlacing(r *Roster) *Placing {
	return &Placing{Placement{roster: r, columns: map[App][]uint32{}}, map[Release]uint32{}}
}

// Put fills one slot, or empties it with the zero Release.
func (b *Placing) Put(ordinal uint32, app App, rel Release) {
	col := b.p.columns[app]
	if col == nil {
		if rel.IsZero() {
			return
		}
		col = make([]uint32, b.p.roster.Len())
		b.p.columns[app] = col
	}
	col[ordinal] = b.code(rel)
}

// PutAll fills the slot on every device of the fleet.
func (b *Placing) PutAll(f Fleet, app App, rel Release) {
	for i := range f.Ordinals() {
		b.Put(i, app, rel)
	}
}

func (b *Placing) code(rel Release) uint32 {
	if rel.IsZero() {
		return 0
	}
	c, ok := b.codes[rel]
	if !ok {
		b.p.releases = append(b.p.releases, rel)
		c = uint32(len(b.p.releases))
		b.codes[rel] = c
	}
	return c
}

// Placement ends the building; the Placing must not be used after it.
func (b *Placing) Placement() Placement {
	p := b.p
	b.p, b.codes = Placement{}, nil
	return p
}

// Roster is the devices the placement is about.
func (p Placement) Roster() *Roster { return p.roster }

// Apps lists the apps that have a slot somewhere, in order.
func (p Placement) Apps() []App { return slices.SortedFunc(maps.Keys(p.columns), App.Compare) }

// Release is what fills the slot; the zero Release if nothing does.
func (p Placement) Release(ordinal uint32, app App) Release {
	col := p.columns[app]
	if col == nil || col[ordinal] == 0 {
		return Release{}
	}
	return p.releases[col[ordinal]-1]
}

// At yields the filled slots of one device in the order of apps.
func (p Placement) At(ordinal uint32) iter.Seq2[App, Release] {
	return func(yield func(App, Release) bool) {
		for _, app := range p.Apps() {
			if rel := p.Release(ordinal, app); !rel.IsZero() && !yield(app, rel) {
				return
			}
		}
	}
}

// Differences yields the slots of one app in which p and q differ, by ordinal, with what
// fills each. Both must be of one roster. The cost is one pass over two columns.
func (p Placement) Differences(q Placement, app App) iter.Seq2[uint32, [2]Release] {
	if p.roster != q.roster {
		panic("algebra: placements of two rosters do not compare")
	}
	return func(yield func(uint32, [2]Release) bool) {
		x, y := p.columns[app], q.columns[app]
		if x == nil {
			x = make([]uint32, len(y))
		}
		if y == nil {
			y = make([]uint32, len(x))
		}
		same := p.translate(q)
		for i := range x {
			if same[x[i]] == y[i] {
				continue
			}
			if !yield(uint32(i), [2]Release{p.Release(uint32(i), app), q.Release(uint32(i), app)}) {
				return
			}
		}
	}
}

// translate maps each code of p to q's code for the same release, or to one q does not use.
func (p Placement) translate(q Placement) []uint32 {
	codes := make(map[Release]uint32, len(q.releases))
	for i, rel := range q.releases {
		codes[rel] = uint32(i) + 1
	}
	same := make([]uint32, len(p.releases)+1)
	for i, rel := range p.releases {
		c, ok := codes[rel]
		if !ok {
			c = uint32(len(q.releases)) + 1
		}
		same[i+1] = c
	}
	return same
}

// Equal reports whether every slot of both is filled alike.
func (p Placement) Equal(q Placement) bool {
	for _, app := range AppsOf(p, q) {
		for range p.Differences(q, app) {
			return false
		}
	}
	return true
}

// AppsOf lists the apps that have a slot somewhere in p or q, in order.
func AppsOf(p, q Placement) []App {
	both := slices.SortedFunc(slices.Values(slices.Concat(p.Apps(), q.Apps())), App.Compare)
	return slices.Compact(both)
}

// Only is the placement on one device alone, on a roster of just that device.
func (p Placement) Only(ordinal uint32) Placement {
	r, err := NewRoster([]Device{p.roster.Device(ordinal)})
	if err != nil {
		panic(fmt.Sprintf("algebra: roster of one device: %v", err)) // it came from a roster
	}
	b := NewPlacing(r)
	for app, rel := range p.At(ordinal) {
		b.Put(0, app, rel)
	}
	return b.Placement()
}

// On is the same placement over another roster. Slots of devices that the other roster does
// not know are left out.
func (p Placement) On(r *Roster) Placement {
	if r == p.roster {
		return p
	}
	b := NewPlacing(r)
	for app, col := range p.columns {
		for i, code := range col {
			if code == 0 {
				continue
			}
			if j, ok := r.Ordinal(p.roster.ids[i]); ok {
				b.Put(j, app, p.releases[code-1])
			}
		}
	}
	return b.Placement()
}
