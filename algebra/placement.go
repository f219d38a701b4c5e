package algebra

import (
	"iter"
	"maps"
	"slices"
)

// Placement says which release fills each app's slot on each device of a roster: a column of
// codes for each app, so that a million devices cost four bytes a slot. It is immutable.
type Placement struct {
	roster   *Roster
	apps     []App // those with a column, sorted
	columns  map[App][]uint32
	releases []Release // a code is 0 for an empty slot, or one more than an index here
	codes    map[Release]uint32
}

// Placing builds a Placement.
type Placing struct{ p Placement }

// NewPlacing starts from empty slots.
func NewPlacing(r *Roster) *Placing {
	return &Placing{Placement{roster: r, columns: map[App][]uint32{}, codes: map[Release]uint32{}}}
}

// Placing starts from p.
func (p Placement) Placing() *Placing {
	b := &Placing{Placement{roster: p.roster, columns: make(map[App][]uint32, len(p.columns)),
		releases: slices.Clone(p.releases), codes: maps.Clone(p.codes)}}
	if b.p.codes == nil {
		b.p.codes = map[Release]uint32{} // of the zero Placement
	}
	for app, col := range p.columns {
		b.p.columns[app] = slices.Clone(col)
	}
	return b
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
	if f.IsEmpty() {
		return
	}
	b.Put(f.set.Minimum(), app, rel)
	col, code := b.p.columns[app], b.code(rel)
	if col == nil {
		return // it was empty, and stays so
	}
	for i := range f.Ordinals() {
		col[i] = code
	}
}

func (b *Placing) code(rel Release) uint32 {
	if rel.IsZero() {
		return 0
	}
	c, ok := b.p.codes[rel]
	if !ok {
		b.p.releases = append(b.p.releases, rel)
		c = uint32(len(b.p.releases))
		b.p.codes[rel] = c
	}
	return c
}

// Placement ends the building; the Placing must not be used after it.
func (b *Placing) Placement() Placement {
	p := b.p
	b.p = Placement{}
	p.apps = slices.SortedFunc(maps.Keys(p.columns), App.Compare)
	return p
}

// Roster is the devices the placement is about.
func (p Placement) Roster() *Roster { return p.roster }

// Apps lists the apps that have a slot somewhere, in order.
func (p Placement) Apps() []App { return slices.Clone(p.apps) }

// Release is what fills the slot; the zero Release if nothing does.
func (p Placement) Release(ordinal uint32, app App) Release {
	col := p.columns[app]
	if col == nil {
		return Release{}
	}
	return p.release(col[ordinal])
}

func (p Placement) release(code uint32) Release {
	if code == 0 {
		return Release{}
	}
	return p.releases[code-1]
}

// At yields the filled slots of one device in the order of apps.
func (p Placement) At(ordinal uint32) iter.Seq2[App, Release] {
	return func(yield func(App, Release) bool) {
		for _, app := range p.apps {
			if rel := p.Release(ordinal, app); !rel.IsZero() && !yield(app, rel) {
				return
			}
		}
	}
}

// Difference is a slot that two placements fill differently.
type Difference struct {
	Ordinal     uint32
	App         App
	Here, There Release
}

// Differences yields the slots in which p (here) and q (there) differ, by device and then app.
// Both must be of one roster. It is one pass over the columns of both.
func (p Placement) Differences(q Placement) iter.Seq[Difference] {
	if p.roster != q.roster {
		panic("algebra: placements of two rosters do not compare; take one On the roster of the other")
	}
	return func(yield func(Difference) bool) {
		apps := slices.Compact(slices.SortedFunc(slices.Values(slices.Concat(p.apps, q.apps)), App.Compare))
		here, there := make([][]uint32, len(apps)), make([][]uint32, len(apps))
		empty := make([]uint32, p.roster.Len())
		for i, app := range apps {
			here[i], there[i] = empty, empty
			if col := p.columns[app]; col != nil {
				here[i] = col
			}
			if col := q.columns[app]; col != nil {
				there[i] = col
			}
		}
		same, alike := p.translate(q)
		differs := make([]uint32, rowsAtOnce) // for each row of a block, not 0 where some slot differs
		for from := 0; from < p.roster.Len(); from += rowsAtOnce {
			to := min(from+rowsAtOnce, p.roster.Len())
			rows := differs[:to-from]
			clear(rows)
			for i := range apps {
				x, y := here[i][from:to][:len(rows)], there[i][from:to][:len(rows)]
				if alike {
					for j := range rows {
						rows[j] |= x[j] ^ y[j]
					}
					continue
				}
				for j := range rows {
					rows[j] |= same[x[j]] ^ y[j]
				}
			}
			for j, d := range rows {
				if d == 0 {
					continue
				}
				for i, app := range apps {
					x, y := here[i][from+j], there[i][from+j]
					if same[x] != y && !yield(Difference{uint32(from + j), app, p.release(x), q.release(y)}) {
						return
					}
				}
			}
		}
	}
}

// rowsAtOnce is how many rows of two columns stay in the nearest cache.
const rowsAtOnce = 1024

// translate maps each code of p to q's code for the same release, or to one q does not use.
// alike says that each is mapped to itself.
func (p Placement) translate(q Placement) (same []uint32, alike bool) {
	same, alike = make([]uint32, len(p.releases)+1), true
	for i, rel := range p.releases {
		c, ok := q.codes[rel]
		if !ok {
			c = uint32(len(q.releases)) + 1
		}
		same[i+1] = c
		alike = alike && c == uint32(i+1)
	}
	return same, alike
}

// Equal reports whether every slot of both is filled alike.
func (p Placement) Equal(q Placement) bool {
	for range p.Differences(q) {
		return false
	}
	return true
}

// On is the same placement over another roster. Slots of devices that the other roster does
// not know are left out. Over the same devices it costs nothing, else one pass over both rosters.
func (p Placement) On(r *Roster) Placement {
	if r == p.roster {
		return p
	}
	out := Placement{roster: r, columns: map[App][]uint32{}, releases: p.releases, codes: p.codes}
	if p.roster == nil { // the zero Placement
		return out
	}
	if r.ids.same(p.roster.ids) {
		p.roster = r
		return p
	}
	from := r.places(p.roster)
	for _, app := range p.apps {
		column, filled := make([]uint32, r.Len()), false
		for i, place := range from {
			if place > 0 {
				column[i] = p.columns[app][place-1]
				filled = filled || column[i] > 0
			}
		}
		if filled {
			out.columns[app] = column
			out.apps = append(out.apps, app)
		}
	}
	return out
}

// places is where each device of r stands in o, plus one; 0 where o does not know it.
func (r *Roster) places(o *Roster) []uint32 {
	places := make([]uint32, r.Len())
	j := uint32(0)
	for i := range places {
		id := r.ids.at(uint32(i))
		for j < uint32(o.Len()) && o.ids.at(j) < id {
			j++
		}
		if j < uint32(o.Len()) && o.ids.at(j) == id {
			places[i] = j + 1
		}
	}
	return places
}
