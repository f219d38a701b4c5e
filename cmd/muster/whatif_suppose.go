package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// supposition is a World and a reality, and what is supposed to be otherwise.
type supposition struct {
	world   algebra.World
	reality algebra.Reality
	put     map[algebra.DeviceID]algebra.Device
	gone    map[algebra.DeviceID]bool
}

// made is both with the changes made.
func (s supposition) made() (algebra.World, algebra.Reality, error) {
	w, r := s.world, s.reality
	w.Devices = nil
	for _, d := range s.world.Devices {
		if s.gone[d.ID] {
			continue
		}
		if put, ok := s.put[d.ID]; ok {
			d.Labels = put.Labels
		}
		w.Devices = append(w.Devices, d)
	}
	delta := algebra.Delta{Put: slices.Collect(maps.Values(s.put)), Remove: slices.Collect(maps.Keys(s.gone))}
	roster, err := r.Roster.With(delta)
	if err != nil {
		return w, r, err
	}
	r.Roster, r.Published, r.Records = roster, r.Published.On(roster), maps.Clone(r.Records)
	for id := range s.put {
		if rec, known := r.Records[id]; !known {
			rec.Lifecycle, rec.Heard = algebra.Enrolled, r.ObservedAt
			r.Records[id] = rec
		}
	}
	return w, r, nil
}

// known is a device as it is supposed so far, its document laid over it.
func (s supposition) known(id algebra.DeviceID) (algebra.Device, bool) {
	if d, ok := s.put[id]; ok {
		return d, true
	}
	d, ok := algebra.Device{ID: id, Labels: map[string]string{}, Facts: map[string]string{}}, false
	if i, there := s.reality.Roster.Ordinal(id); there && !s.gone[id] {
		d, ok = s.reality.Roster.Device(i), true
	}
	for _, doc := range s.world.Devices {
		if doc.ID == id && !s.gone[id] {
			d.Labels, ok = maps.Clone(doc.Labels), true
		}
	}
	if d.Labels == nil {
		d.Labels = map[string]string{}
	}
	return d, ok
}

// device supposes a device of these labels and facts, and no other ones.
func (s supposition) device(text string) error {
	d, err := parseDevice(text)
	if err != nil {
		return fmt.Errorf("--device %s: %w", text, err)
	}
	s.put[d.ID] = d
	return nil
}

func (s supposition) without(names string) error {
	list, err := selectors.ExpandNodes(names)
	if err != nil {
		return fmt.Errorf("--without %s: %w", names, err)
	}
	for _, name := range list {
		id, err := algebra.ParseDeviceID(name)
		if err != nil {
			return fmt.Errorf("--without: %w", err)
		}
		if _, ok := s.known(id); !ok {
			return fmt.Errorf("--without %s: no such device", id)
		}
		delete(s.put, id)
		s.gone[id] = true
	}
	return nil
}

// labelEdit gives a label of devices another value, or none.
type labelEdit struct {
	names, key, value string
	remove            bool
}

func (s supposition) label(e labelEdit) error {
	list, err := selectors.ExpandNodes(e.names)
	if err != nil {
		return fmt.Errorf("--label %s: %w", e.names, err)
	}
	for _, name := range list {
		id, err := algebra.ParseDeviceID(name)
		if err != nil {
			return fmt.Errorf("--label: %w", err)
		}
		d, ok := s.known(id)
		if !ok {
			return fmt.Errorf("--label %s: no such device; --device supposes one", id)
		}
		d.Labels = maps.Clone(d.Labels)
		if e.remove {
			delete(d.Labels, e.key)
		} else {
			d.Labels[e.key] = e.value
		}
		s.put[id] = d
	}
	return nil
}

// labelEdits reads --label D k=v: the flag has D, and k=v is the next argument that is no flag, or
// both stand in the flag with a space between them.
func labelEdits(flags, args []string) ([]labelEdit, error) {
	var out []labelEdit
	for _, f := range flags {
		names, pair, both := strings.Cut(strings.TrimSpace(f), " ")
		if !both {
			if len(args) == 0 {
				return nil, fmt.Errorf("--label %s: which label? write --label %[1]s key=value, or key- to take it away", f)
			}
			pair, args = args[0], args[1:]
		}
		key, value, set := strings.Cut(strings.TrimSpace(pair), "=")
		e := labelEdit{names: names, key: key, value: value}
		if !set {
			if e.key, e.remove = strings.CutSuffix(key, "-"); !e.remove {
				return nil, fmt.Errorf("--label %s %s: want key=value, or key- to take it away", names, pair)
			}
		}
		if e.key == "" {
			return nil, fmt.Errorf("--label %s %s: the label has no name", names, pair)
		}
		out = append(out, e)
	}
	if len(args) > 0 {
		return nil, fmt.Errorf("what-if: unexpected argument %q; labels go by --label D key=value", args[0])
	}
	return out, nil
}

// parseDevice reads id=x,labels=k=v,k=v,facts=k=v, or a line of a roster.
func parseDevice(text string) (algebra.Device, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		devices, _, bad := readRoster("--device", []byte(text))
		if err := bad.Err(); err != nil {
			return algebra.Device{}, err
		}
		if len(devices) != 1 {
			return algebra.Device{}, fmt.Errorf("want one device, these are %d", len(devices))
		}
		return devices[0], nil
	}
	line := struct {
		ID     string            `json:"id"`
		Labels map[string]string `json:"labels"`
		Facts  map[string]string `json:"facts"`
	}{Labels: map[string]string{}, Facts: map[string]string{}}
	var into map[string]string
	for _, item := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' }) {
		key, value, ok := strings.Cut(item, "=")
		switch {
		case ok && key == "id" && into == nil:
			line.ID = value
			continue
		case ok && key == "labels":
			into, item = line.Labels, value
		case ok && key == "facts":
			into, item = line.Facts, value
		}
		if item == "" {
			continue
		}
		at := strings.IndexAny(item, "=:")
		if into == nil || at < 1 {
			return algebra.Device{}, fmt.Errorf("%q: want id=NAME,labels=key=value,…,facts=key=value,…", item)
		}
		into[item[:at]] = item[at+1:]
	}
	if line.ID == "" {
		return algebra.Device{}, fmt.Errorf("it has no id; write id=NAME,labels=key=value,…")
	}
	b, err := json.Marshal(line)
	if err != nil {
		return algebra.Device{}, err
	}
	return parseDevice(string(b)) // so that one place says what a device may be
}
