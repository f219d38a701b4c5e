package algebra

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/musterfleet/muster/selectors"
)

// Device is what is known of one device: the labels its operators set and the facts its
// agent reports. It is how devices enter and leave a Roster.
type Device struct {
	ID     DeviceID          `json:"id"`
	Labels map[string]string `json:"labels"`
	Facts  map[string]string `json:"facts"`
}

// Value makes a Device readable by a selector. The attributes name and id are its id.
func (d Device) Value(k selectors.Key) (string, bool) {
	if k.Label {
		v, ok := d.Labels[k.Name]
		return v, ok
	}
	if k.Name == "name" || k.Name == "id" {
		return d.ID.s, true
	}
	v, ok := d.Facts[k.Name]
	return v, ok
}

// Roster is an immutable snapshot of all known devices in the order of their ids, the
// universe that every Fleet is a subset of. It is indexed: one column for each label and
// fact, with one bitmap for each distinct value.
type Roster struct {
	ids     []DeviceID
	columns map[Key]*column
	all     *roaring.Bitmap
}

// Key names a column: a label or a fact.
type Key struct {
	Label bool
	Name  string
}

// column holds one key of all devices: codes[i] is 0 where device i lacks the key, else one
// more than the index of its value in values.
type column struct {
	values  []string
	on      []*roaring.Bitmap // for each value, the devices that have it
	codes   []uint32
	present *roaring.Bitmap
}

// NewRoster indexes devices, in any order. Two devices of one id are an error.
// It takes time and memory in proportion to the number of (device, key) pairs.
func NewRoster(devices []Device) (*Roster, error) {
	sorted := slices.Clone(devices)
	slices.SortFunc(sorted, func(a, b Device) int { return a.ID.Compare(b.ID) })
	r := &Roster{ids: make([]DeviceID, len(sorted)), columns: map[Key]*column{}, all: roaring.New()}
	r.all.AddRange(0, uint64(len(sorted)))
	build := map[Key]*columnBuilder{}
	for i, d := range sorted {
		if d.ID.IsZero() {
			return nil, fmt.Errorf("roster: a device has no id")
		}
		if i > 0 && d.ID == sorted[i-1].ID {
			return nil, fmt.Errorf("roster: device %s is given twice", d.ID)
		}
		r.ids[i] = d.ID
		for k, v := range d.Labels {
			columnOf(build, Key{true, k}).add(uint32(i), v)
		}
		for k, v := range d.Facts {
			columnOf(build, Key{false, k}).add(uint32(i), v)
		}
	}
	for k, b := range build {
		r.columns[k] = b.column(len(sorted))
	}
	return r, nil
}

type columnBuilder struct {
	codes  map[string]uint32
	values []string
	ords   [][]uint32
}

func columnOf(m map[Key]*columnBuilder, k Key) *columnBuilder {
	b := m[k]
	if b == nil {
		b = &columnBuilder{codes: map[string]uint32{}}
		m[k] = b
	}
	return b
}

func (b *columnBuilder) add(ord uint32, value string) {
	c, ok := b.codes[value]
	if !ok {
		c = uint32(len(b.values))
		b.codes[value] = c
		b.values = append(b.values, value)
		b.ords = append(b.ords, nil)
	}
	b.ords[c] = append(b.ords[c], ord)
}

func (b *columnBuilder) column(devices int) *column {
	order := slices.SortedFunc(maps.Values(b.codes), func(x, y uint32) int { return strings.Compare(b.values[x], b.values[y]) })
	c := &column{codes: make([]uint32, devices), present: roaring.New()}
	for i, old := range order {
		on := roaring.BitmapOf(b.ords[old]...)
		on.RunOptimize()
		c.values = append(c.values, b.values[old])
		c.on = append(c.on, on)
		c.present.Or(on)
		for _, ord := range b.ords[old] {
			c.codes[ord] = uint32(i) + 1
		}
	}
	c.present.RunOptimize()
	return c
}

// Len is the number of devices.
func (r *Roster) Len() int { return len(r.ids) }

// ID is the device of an ordinal; ordinals follow the order of ids.
func (r *Roster) ID(ordinal uint32) DeviceID { return r.ids[ordinal] }

// Ordinal is the place of a device in the roster.
func (r *Roster) Ordinal(id DeviceID) (uint32, bool) {
	i, ok := slices.BinarySearchFunc(r.ids, id, DeviceID.Compare)
	return uint32(i), ok
}

// Value is one key of one device, by ordinal.
func (r *Roster) Value(ordinal uint32, k Key) (string, bool) {
	c := r.columns[k]
	if c == nil || c.codes[ordinal] == 0 {
		return "", false
	}
	return c.values[c.codes[ordinal]-1], true
}

// Attributes is a device of the roster as a selector sees it.
func (r *Roster) Attributes(ordinal uint32) selectors.Attributes { return row{r, ordinal} }

type row struct {
	roster  *Roster
	ordinal uint32
}

func (d row) Value(k selectors.Key) (string, bool) {
	if !k.Label && isIDKey(k.Name) {
		return d.roster.ids[d.ordinal].s, true
	}
	return d.roster.Value(d.ordinal, Key{k.Label, k.Name})
}

func isIDKey(name string) bool { return name == "name" || name == "id" }

// Device is a device of the roster, by ordinal, with maps of its own.
func (r *Roster) Device(ordinal uint32) Device {
	d := Device{ID: r.ids[ordinal], Labels: map[string]string{}, Facts: map[string]string{}}
	for k := range r.columns {
		if v, ok := r.Value(ordinal, k); ok {
			if k.Label {
				d.Labels[k.Name] = v
			} else {
				d.Facts[k.Name] = v
			}
		}
	}
	return d
}

// Devices yields every device in the order of ids.
func (r *Roster) Devices() iter.Seq[Device] {
	return func(yield func(Device) bool) {
		for i := range r.ids {
			if !yield(r.Device(uint32(i))) {
				return
			}
		}
	}
}

// Keys lists the labels and facts that some device has, labels first, each by name.
func (r *Roster) Keys() []Key {
	return slices.SortedFunc(maps.Keys(r.columns), func(a, b Key) int {
		if a.Label != b.Label {
			if a.Label {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
}

// LabelKeys lists the names of the labels that some device has, sorted.
func (r *Roster) LabelKeys() []string {
	var names []string
	for _, k := range r.Keys() {
		if k.Label {
			names = append(names, k.Name)
		}
	}
	return names
}
