package worldfile

import (
	"strings"

	"github.com/musterfleet/muster/algebra"
)

// device reads a Device document. Its labels are all the labels of the device, so leaving
// them out would take every label away: that must be written as {}.
func (l *loader) device(d document) {
	f := d.file
	dev := algebra.DeclaredDevice{Labels: map[string]string{}, Source: d.source()}
	ok := d.nameNode != nil
	if ok {
		id, err := algebra.ParseDeviceID(d.name)
		if err != nil {
			f.at(d.nameNode).fail("", "%v", err)
			ok = false
		}
		dev.ID = id
	}
	spec, readable := d.readSpec("labels", "decommissioned")
	if !readable {
		return
	}
	if n, given := spec.get("decommissioned"); given {
		var fine bool
		dev.Decommissioned, fine = f.boolean(n, "decommissioned")
		ok = ok && fine
	}
	n, given := spec.get("labels")
	if !given {
		f.at(spec.node).fail("write labels: {} to take all labels away", "%s: labels is missing", d.subject())
		return
	}
	entries, fine := f.entries(n, "labels")
	ok = ok && fine
	for _, e := range entries {
		if e.name == "" || strings.ContainsFunc(e.name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			f.at(e.key).fail("", "labels: %q is no label key", e.name)
			ok = false
			continue
		}
		l.labelKeys[e.name] = true
		value, fine := f.str(e.value, "label "+e.name)
		dev.Labels[e.name], ok = value, ok && fine
	}
	if ok {
		l.world.Devices = append(l.world.Devices, dev)
	}
}
