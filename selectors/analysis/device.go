package analysis

import (
	"bytes"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/musterfleet/muster/selectors"
)

// Device is a possible device. Encoded as JSON, which is YAML too, it is a line of a roster.
type Device struct {
	ID        string            `json:"id"`
	Labels    map[string]string `json:"labels,omitempty"`
	Facts     map[string]string `json:"facts,omitempty"`
	Heartbeat string            `json:"heartbeat,omitempty"`
	Deploy    []Element         `json:"deploy,omitempty"`
	// Taken are the takes that are taken to pick it.
	Taken []string `json:"-"`
	now   time.Time
}

// Value is a key of the device, as a selector sees it.
func (d Device) Value(k selectors.Key) (string, bool) {
	switch {
	case k.Label:
		value, ok := d.Labels[k.Name]
		return value, ok
	case isID(k):
		return d.ID, true
	case k.Name == selectors.Heartbeat:
		return d.Heartbeat, d.Heartbeat != ""
	}
	value, ok := d.Facts[k.Name]
	return value, ok
}

// Now is the time at which the device is seen.
func (d Device) Now() time.Time { return d.now }

// Elements yields what it runs.
func (d Device) Elements(string) iter.Seq[selectors.Attributes] {
	return func(yield func(selectors.Attributes) bool) {
		for _, e := range d.Deploy {
			if !yield(e) {
				return
			}
		}
	}
}

// String is the device as a line of a roster.
func (d Device) String() string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil {
		panic("analysis: " + err.Error()) // texts encode
	}
	return strings.TrimSpace(b.String())
}

// device has the values of the chosen regions, and nothing else.
func (s *Space) device(choice []int) Device {
	d := Device{ID: "device", Labels: map[string]string{}, Facts: map[string]string{}, now: s.options.Now}
	elements := map[string][]string{}
	for i, v := range s.variables {
		r := v.regions[choice[i]]
		switch v.kind {
		case keyed:
			d.put(v.key, r)
		case presence:
			if r.present {
				d.Facts[v.key.Name] = "other"
			}
		case elementOfSet:
			if r.present {
				elements[v.key.Name] = append(elements[v.key.Name], v.element)
			}
		case deployed:
			for _, e := range r.elements {
				d.Deploy = append(d.Deploy, maps.Clone(e))
			}
		case open:
			if r.present {
				d.Taken = append(d.Taken, v.name)
			}
		}
	}
	for set, of := range elements {
		if _, there := d.Facts[set]; there {
			d.Facts[set] = strings.Join(slices.Sorted(slices.Values(of)), ",")
		}
	}
	return d
}

func (d *Device) put(k selectors.Key, r region) {
	switch {
	case !r.present:
	case k.Label:
		d.Labels[k.Name] = r.value
	case k.Name == "id":
		d.ID = r.value
	case k.Name == selectors.Heartbeat:
		d.Heartbeat = r.value
	default:
		d.Facts[k.Name] = r.value
	}
}
