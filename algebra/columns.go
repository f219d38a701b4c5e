package algebra

import (
	"errors"
	"fmt"
	"iter"
	"slices"
)

// Column is one key of every device of a roster, laid out for those who count or store:
// Codes has, for each ordinal, 0 where the device lacks the key, else one more than the
// index of its value in Values. Values are in byte order, and some device has each.
type Column struct {
	Key    Key
	Values []string
	Codes  []uint32
}

// Columns yields the columns in the order of keys, each laid out as it is asked for.
func (r *Roster) Columns() iter.Seq[Column] {
	return func(yield func(Column) bool) {
		for _, k := range r.keys {
			if c, _ := r.Column(k); !yield(c) {
				return
			}
		}
	}
}

// Column lays out one key; false if no device has it.
func (r *Roster) Column(k Key) (Column, bool) {
	c := r.columns[k]
	if c == nil {
		return Column{}, false
	}
	out := Column{k, make([]string, c.values.len()), make([]uint32, c.codes.len())}
	for i := range out.Values {
		out.Values[i] = c.values.at(uint32(i))
	}
	for i := range out.Codes {
		out.Codes[i] = c.codes.at(uint32(i))
	}
	return out, true
}

// NewRosterOf puts together what ID and Columns took apart. It refuses what they never
// give, so that equal rosters are laid out alike.
func NewRosterOf(ids iter.Seq[DeviceID], columns iter.Seq[Column]) (*Roster, error) {
	var list textsBuilder
	last := DeviceID{}
	for id := range ids {
		if id.Compare(last) <= 0 {
			return nil, fmt.Errorf("roster: device %q follows %q; ids must ascend", id, last)
		}
		list.add(id.s)
		last = id
	}
	made := map[Key]*column{}
	var before *Key
	for c := range columns {
		if before != nil && before.Compare(c.Key) >= 0 {
			return nil, fmt.Errorf("roster: key %q follows %q; labels come first, and names ascend", c.Key.Name, before.Name)
		}
		before = &c.Key
		if err := c.check(len(list.ends)); err != nil {
			return nil, fmt.Errorf("roster: key %q: %w", c.Key.Name, err)
		}
		values := textsOf(len(c.Values), func(i int) string { return c.Values[i] })
		made[c.Key] = newColumn(values, mapped(len(c.Codes), uint32(len(c.Values)), func(i uint32) uint32 { return c.Codes[i] }))
	}
	return newRoster(list.texts(), made), nil
}

func (c Column) check(devices int) error {
	if len(c.Codes) != devices {
		return fmt.Errorf("codes for %d devices, there are %d", len(c.Codes), devices)
	}
	for i := 1; i < len(c.Values); i++ {
		if c.Values[i-1] >= c.Values[i] {
			return fmt.Errorf("value %q follows %q; values must ascend", c.Values[i], c.Values[i-1])
		}
	}
	used := make([]bool, len(c.Values)+1)
	used[0] = true
	for _, code := range c.Codes {
		if code >= uint32(len(used)) {
			return fmt.Errorf("code %d, there are %d values", code, len(c.Values))
		}
		used[code] = true
	}
	if i := slices.Index(used, false); i > 0 {
		return fmt.Errorf("no device has the value %q", c.Values[i-1])
	}
	if len(c.Values) == 0 {
		return errors.New("no device has it")
	}
	return nil
}
