package algebra

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// edited is the column of n devices after edits in the order of devices; nil if it is empty
// then. A nil column is an empty one.
func (c *column) edited(n int, edits []edit) *column {
	if c == nil {
		c = &column{codes: makeCodes(n, 0)}
	}
	if p := c.patched(edits); p != nil {
		return p
	}
	var fresh []string
	for _, e := range edits {
		if _, known := c.values.search(e.value); e.present && !known {
			fresh = append(fresh, e.value)
		}
	}
	slices.Sort(fresh)
	fresh = slices.Compact(fresh)
	var values textsBuilder
	rank := make([]uint32, c.values.len()+1)
	for i, v := range merged(c.values, fresh) {
		values.add(v)
		if i > 0 {
			rank[i] = uint32(len(values.ends))
		}
	}
	united := values.texts()
	next := mapped(n, uint32(united.len()), func(i uint32) uint32 { return rank[c.codes.at(i)] })
	for _, e := range edits {
		code := uint32(0)
		if e.present {
			at, _ := united.search(e.value)
			code = at + 1
		}
		next.set(e.ordinal, code)
	}
	return recoded(united, next)
}

// patched is edited by a copy of the codes and of the bitmaps that change; nil where that
// does not do: a value comes or goes, or the column has no bitmaps, or would lose them. Where
// much changes, one pass over the column is the faster way.
func (c *column) patched(edits []edit) *column {
	if c.on == nil || len(edits)*fewValues > c.codes.len() {
		return nil
	}
	p := &column{values: c.values, codes: c.codes.clone(), present: c.present.Clone(), on: slices.Clone(c.on)}
	own := map[uint32]bool{}
	bitmap := func(code uint32) *roaring.Bitmap {
		if !own[code] {
			own[code] = true
			p.on[code-1] = p.on[code-1].Clone()
		}
		return p.on[code-1]
	}
	for _, e := range edits {
		if old := p.codes.at(e.ordinal); old > 0 {
			bitmap(old).Remove(e.ordinal)
			p.present.Remove(e.ordinal)
		}
		code := uint32(0)
		if e.present {
			at, known := p.values.search(e.value)
			if !known {
				return nil
			}
			code = at + 1
			bitmap(code).Add(e.ordinal)
			p.present.Add(e.ordinal)
		}
		p.codes.set(e.ordinal, code)
	}
	for code := range own {
		if p.on[code-1].IsEmpty() {
			return nil
		}
		p.on[code-1].RunOptimize()
	}
	if !p.wantsBitmaps() {
		return nil
	}
	return p
}
