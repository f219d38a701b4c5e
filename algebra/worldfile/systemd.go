package worldfile

import (
	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
)

// systemd reads a workload of units.
func (f *file) systemd(n *yaml.Node) *algebra.Systemd {
	o, ok := f.object(n, "systemd", "units", "values")
	if !ok {
		return nil
	}
	list, ok := o.need("units")
	if !ok {
		return nil
	}
	s := &algebra.Systemd{}
	items, ok := f.items(list, "units")
	if ok && len(items) == 0 {
		f.at(list).fail("", "units: must not be empty")
	}
	for _, item := range items {
		o, ok := f.object(item, "unit", "name", "text", "enabled", "passive")
		if !ok {
			continue
		}
		var u algebra.Unit
		if n, ok := o.need("name"); ok {
			u.Name, _ = f.filled(n, "name")
		}
		if n, ok := o.need("text"); ok {
			u.Text, _ = f.filled(n, "text")
		}
		if n, ok := o.get("enabled"); ok {
			u.Enabled, _ = f.boolean(n, "enabled")
		}
		if n, ok := o.get("passive"); ok {
			u.Passive, _ = f.boolean(n, "passive")
		}
		s.Units = append(s.Units, u)
	}
	if n, ok := o.get("values"); ok {
		s.Values = f.env(n)
	}
	return s
}
