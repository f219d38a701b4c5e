package algebra

import "slices"

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
