package algebra

import (
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
// fact, in which each distinct value knows its devices.
type Roster struct {
	ids     texts
	keys    []Key // those of columns, sorted
	columns map[Key]*column
	all     *roaring.Bitmap
	follows followers
}

// Key names a column: a label or a fact.
type Key struct {
	Label bool
	Name  string
}

// Compare orders keys: labels first, each by name.
func (k Key) Compare(o Key) int {
	switch {
	case k.Label == o.Label:
		return strings.Compare(k.Name, o.Name)
	case k.Label:
		return -1
	default:
		return 1
	}
}

// NewRoster indexes devices, in any order. Two devices of one id are an error.
// It takes time and memory in proportion to the number of (device, key) pairs.
func NewRoster(devices []Device) (*Roster, error) { return NewRosterFrom(slices.Values(devices)) }

// newRoster takes sorted ids and columns of which none is empty.
func newRoster(ids texts, columns map[Key]*column) *Roster {
	r := &Roster{ids: ids, columns: columns, keys: slices.SortedFunc(maps.Keys(columns), Key.Compare), all: roaring.New(), follows: followersOf(ids)}
	r.all.AddRange(0, uint64(ids.len()))
	return r
}

// Len is the number of devices.
func (r *Roster) Len() int { return r.ids.len() }

// ID is the device of an ordinal; ordinals follow the order of ids.
func (r *Roster) ID(ordinal uint32) DeviceID { return DeviceID{r.ids.at(ordinal)} }

// Ordinal is the place of a device in the roster.
func (r *Roster) Ordinal(id DeviceID) (uint32, bool) { return r.ids.search(id.s) }

// Value is one key of one device, by ordinal.
func (r *Roster) Value(ordinal uint32, k Key) (string, bool) {
	c := r.columns[k]
	if c == nil {
		return "", false
	}
	return c.value(ordinal)
}

// Attributes is a device of the roster as a selector sees it.
func (r *Roster) Attributes(ordinal uint32) selectors.Attributes { return row{r, ordinal} }

type row struct {
	roster  *Roster
	ordinal uint32
}

func (d row) Value(k selectors.Key) (string, bool) {
	if !k.Label && isIDKey(k.Name) {
		return d.roster.ids.at(d.ordinal), true
	}
	return d.roster.Value(d.ordinal, Key{k.Label, k.Name})
}

func isIDKey(name string) bool { return name == "name" || name == "id" }

// Device is a device of the roster, by ordinal, with maps of its own.
func (r *Roster) Device(ordinal uint32) Device {
	d := Device{ID: r.ID(ordinal), Labels: map[string]string{}, Facts: map[string]string{}}
	for _, k := range r.keys {
		if v, ok := r.columns[k].value(ordinal); ok {
			d.of(k)[k.Name] = v
		}
	}
	return d
}

// of is the map that holds the key.
func (d Device) of(k Key) map[string]string {
	if k.Label {
		return d.Labels
	}
	return d.Facts
}

// Devices yields every device in the order of ids.
func (r *Roster) Devices() iter.Seq[Device] {
	return func(yield func(Device) bool) {
		for i := range uint32(r.Len()) {
			if !yield(r.Device(i)) {
				return
			}
		}
	}
}

// Keys lists the labels and facts that some device has, labels first, each by name.
func (r *Roster) Keys() []Key { return slices.Clone(r.keys) }

// Values lists the distinct values of a key, in byte order; nil if there are more than most.
func (r *Roster) Values(k Key, most int) []string {
	c := r.columns[k]
	if c == nil || c.values.len() > most {
		return nil
	}
	values := make([]string, c.values.len())
	for i := range values {
		values[i] = c.values.at(uint32(i))
	}
	return values
}

// LabelKeys lists the names of the labels that some device has, sorted.
func (r *Roster) LabelKeys() []string {
	var names []string
	for _, k := range r.keys {
		if k.Label {
			names = append(names, k.Name)
		}
	}
	return names
}
