package algebra

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// NewRosterFrom indexes devices as they come, in any order. It keeps none of them, so the
// memory it needs is that of the Roster, and as much again while it works.
func NewRosterFrom(devices iter.Seq[Device]) (*Roster, error) {
	b := rosterBuilder{columns: map[Key]*columnBuilder{}}
	for d := range devices {
		if d.ID.IsZero() {
			return nil, errors.New("roster: a device has no id")
		}
		i := uint32(len(b.ids.ends))
		b.ids.add(d.ID.s)
		for name, v := range d.Labels {
			b.column(Key{true, name}).add(i, v)
		}
		for name, v := range d.Facts {
			b.column(Key{false, name}).add(i, v)
		}
	}
	return b.roster()
}

type rosterBuilder struct {
	ids     textsBuilder
	columns map[Key]*columnBuilder
}

func (b *rosterBuilder) column(k Key) *columnBuilder {
	c := b.columns[k]
	if c == nil {
		c = &columnBuilder{code: map[string]uint32{}, codes: makeCodes(0, 0)}
		k.Name = strings.Clone(k.Name) // it may be a part of a long text
		b.columns[k] = c
	}
	return c
}

func (b *rosterBuilder) roster() (*Roster, error) {
	ids := b.ids.texts()
	order := sorting(ids)
	if order != nil {
		came := ids
		ids = textsOf(came.len(), func(i int) string { return came.at(order[i]) })
	}
	for i := 1; i < ids.len(); i++ {
		if id := ids.at(uint32(i)); id == ids.at(uint32(i-1)) {
			return nil, fmt.Errorf("roster: device %s is given twice", id)
		}
	}
	return newRoster(ids, eachColumn(b.columns, func(c *columnBuilder) *column { return c.column(ids.len(), order) })), nil
}

// eachColumn makes a column of each, several at once; where it makes nil there is none.
func eachColumn[T any](from map[Key]T, f func(T) *column) map[Key]*column {
	keys := slices.Collect(maps.Keys(from))
	made := make([]*column, len(keys))
	each(len(keys), func(i int) { made[i] = f(from[keys[i]]) })
	columns := make(map[Key]*column, len(keys))
	for i, k := range keys {
		if made[i] != nil {
			columns[k] = made[i]
		}
	}
	return columns
}

// sorting is the order that sorts the texts, or nil if they are sorted.
func sorting(t texts) []uint32 {
	sorted := true
	for i := 1; i < t.len() && sorted; i++ {
		sorted = t.at(uint32(i-1)) <= t.at(uint32(i))
	}
	if sorted {
		return nil
	}
	order := make([]uint32, t.len())
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(x, y uint32) int { return strings.Compare(t.at(x), t.at(y)) })
	return order
}

// columnBuilder gives values codes in the order of their first devices.
type columnBuilder struct {
	code   map[string]uint32
	values []string
	codes  codes
}

func (b *columnBuilder) add(i uint32, value string) {
	code, ok := b.code[value]
	if !ok {
		value = strings.Clone(value)
		b.values = append(b.values, value)
		code = uint32(len(b.values))
		b.code[value] = code
	}
	b.codes = b.codes.append(i, code)
}

// column is for n devices, of which the i-th came as order[i], or as i.
func (b *columnBuilder) column(n int, order []uint32) *column {
	byValue := make([]uint32, len(b.values))
	for i := range byValue {
		byValue[i] = uint32(i)
	}
	slices.SortFunc(byValue, func(x, y uint32) int { return strings.Compare(b.values[x], b.values[y]) })
	rank := make([]uint32, len(b.values)+1)
	for i, old := range byValue {
		rank[old+1] = uint32(i) + 1
	}
	values := textsOf(len(byValue), func(i int) string { return b.values[byValue[i]] })
	return newColumn(values, mapped(n, uint32(len(b.values)), func(i uint32) uint32 {
		if order != nil {
			i = order[i]
		}
		if int(i) >= b.codes.len() {
			return 0
		}
		return rank[b.codes.at(i)]
	}))
}
