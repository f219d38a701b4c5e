package algebra

import (
	"maps"
	"slices"
)

// Relabelling is one change that a World's Device documents make to the registry.
type Relabelling struct {
	Device DeviceID
	// Before is nil for a device the registry does not know yet.
	Before, After  map[string]string
	Decommissioned bool
	Source         Source
}

// Relabel lays the Device documents over the roster: a document's labels replace all labels
// of its device, and a document of an unknown device adds it. Devices without a document stay as they are.
// Changes come in the order of ids; without any the roster itself is returned.
func (w World) Relabel(r *Roster) (*Roster, []Relabelling) {
	var changes []Relabelling
	var delta Delta
	docs := slices.SortedFunc(slices.Values(w.Devices), func(a, b DeclaredDevice) int { return a.ID.Compare(b.ID) })
	for _, doc := range docs {
		i, known := r.Ordinal(doc.ID)
		dev := Device{ID: doc.ID}
		c := Relabelling{Device: doc.ID, After: maps.Clone(doc.Labels), Decommissioned: doc.Decommissioned, Source: doc.Source}
		if known {
			dev = r.Device(i)
			c.Before = dev.Labels
		}
		if c.After == nil {
			c.After = map[string]string{}
		}
		if known && maps.Equal(c.Before, c.After) && !doc.Decommissioned {
			continue
		}
		dev.Labels = c.After
		delta.Put = append(delta.Put, dev)
		changes = append(changes, c)
	}
	if len(changes) == 0 {
		return r, nil
	}
	out, err := r.With(delta)
	if err != nil {
		panic("algebra: relabel: " + err.Error()) // documents have distinct ids
	}
	return out, changes
}

// SameLabels reports that the labels stay as they are.
func (c Relabelling) SameLabels() bool { return c.Before != nil && maps.Equal(c.Before, c.After) }
