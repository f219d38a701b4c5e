package algebra

import (
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// patch is some edits of a column, worked out: what is copied of the column then are its codes,
// its list of devices if it has one, and the bitmaps that change.
type patch struct {
	old    *column
	values texts
	rank   []uint32            // what an old code is now, 0 for a value that went; nil if they are the same
	comes  map[uint32][]uint32 // devices that get a code, by what it is now
	goes   map[uint32][]uint32 // devices that lose one which others keep
	gone   map[uint32]bool     // old codes of values that went
}

// patched is edited without indexing anew; nil where that does not do: much changes, or the column
// is to be kept in the other way then.
func (c *column) patched(edits []edit) *column {
	if c.present == nil || len(edits)*fewValues > c.codes.len() {
		return nil
	}
	p := patch{old: c, comes: map[uint32][]uint32{}, goes: map[uint32][]uint32{}, gone: map[uint32]bool{}}
	p.revalue(edits)
	out := &column{values: p.values, codes: p.codes(edits), present: c.present.Clone()}
	for _, e := range edits {
		if e.present {
			out.present.Add(e.ordinal)
		} else {
			out.present.Remove(e.ordinal)
		}
	}
	out.present.RunOptimize()
	if out.present.IsEmpty() || out.wantsBitmaps() != (c.on != nil) {
		return nil
	}
	if c.on != nil {
		out.on = p.bitmaps()
	} else {
		out.devices, out.starts = p.list()
	}
	return out
}

// revalue finds which values come and go.
func (p *patch) revalue(edits []edit) {
	count := map[uint32]int{} // by old code, what it gains
	var fresh []string
	for _, e := range edits {
		count[p.old.codes.at(e.ordinal)]--
		if !e.present {
			continue
		}
		if at, known := p.old.values.search(e.value); known {
			count[at+1]++
		} else {
			fresh = append(fresh, e.value)
		}
	}
	delete(count, 0)
	for code, gain := range count {
		if p.old.count(code-1)+gain == 0 {
			p.gone[code] = true
		}
	}
	p.values = p.old.values
	if len(fresh) == 0 && len(p.gone) == 0 {
		return
	}
	slices.Sort(fresh)
	var leave []uint32
	for _, code := range slices.Sorted(maps.Keys(p.gone)) {
		leave = append(leave, code-1)
	}
	m := moveOf(p.old.values, slices.Compact(fresh), leave)
	p.values = m.texts(p.old.values)
	p.rank = make([]uint32, p.old.values.len()+1)
	for _, r := range m.runs {
		for i := r.from; i < r.to; i++ {
			p.rank[i+1] = i - r.from + r.at + 1
		}
	}
}

// now is what an old code is.
func (p *patch) now(code uint32) uint32 {
	if p.rank == nil {
		return code
	}
	return p.rank[code]
}

// codes are those of the column now; which devices come to a value and which leave it is noted.
func (p *patch) codes(edits []edit) codes {
	old := p.old.codes
	next := old.clone()
	if p.rank != nil {
		next = mapped(old.len(), uint32(p.values.len()), func(i uint32) uint32 { return p.rank[old.at(i)] })
	}
	for _, e := range edits {
		if code := old.at(e.ordinal); code > 0 && !p.gone[code] {
			p.goes[p.now(code)] = append(p.goes[p.now(code)], e.ordinal)
		}
		code := uint32(0)
		if e.present {
			at, _ := p.values.search(e.value)
			code = at + 1
			p.comes[code] = append(p.comes[code], e.ordinal)
		}
		next.set(e.ordinal, code)
	}
	return next
}

// changed are the codes whose devices change, in order.
func (p *patch) changed() []uint32 {
	out := slices.AppendSeq(slices.Collect(maps.Keys(p.goes)), maps.Keys(p.comes))
	slices.Sort(out)
	return slices.Compact(out)
}

// bitmaps are those of the values now. Those that do not change are shared.
func (p *patch) bitmaps() []*roaring.Bitmap {
	on := make([]*roaring.Bitmap, p.values.len())
	for i, b := range p.old.on {
		if code := p.now(uint32(i) + 1); code > 0 {
			on[code-1] = b
		}
	}
	for _, code := range p.changed() {
		i := code - 1
		if on[i] == nil {
			on[i] = roaring.New()
		} else {
			on[i] = on[i].Clone()
		}
		for _, d := range p.goes[code] {
			on[i].Remove(d)
		}
		on[i].AddMany(p.comes[code])
		on[i].RunOptimize()
	}
	return on
}

// list is the devices by value now.
func (p *patch) list() (devices, starts []uint32) {
	old := p.old
	devices = make([]uint32, 0, len(old.devices))
	starts = make([]uint32, 1, p.values.len()+1)
	from, to := uint32(0), uint32(0) // of the old list, what is to be copied as it is
	flush := func() {
		devices = append(devices, old.devices[from:to]...)
		from = to
	}
	changed, next := p.changed(), uint32(1) // an old code
	for code := uint32(1); code <= uint32(p.values.len()); code++ {
		for int(next) <= old.values.len() && p.now(next) == 0 {
			flush()
			from, to, next = old.starts[next], old.starts[next], next+1
		}
		known := int(next) <= old.values.len() && p.now(next) == code
		if len(changed) == 0 || changed[0] != code {
			to, next = old.starts[next], next+1
			starts = append(starts, uint32(len(devices))+to-from)
			continue
		}
		changed = changed[1:]
		flush()
		if known {
			to, next = old.starts[next], next+1
			for _, d := range old.devices[from:to] {
				if !slices.Contains(p.goes[code], d) {
					devices = append(devices, d)
				}
			}
			from = to
		}
		devices = append(devices, p.comes[code]...)
		slices.Sort(devices[starts[code-1]:])
		starts = append(starts, uint32(len(devices))+to-from)
	}
	flush()
	return devices, starts
}
