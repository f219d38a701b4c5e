package planner

import (
	"fmt"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// line is what is printed for one slot. Lines of one section with the same text fold over their devices.
type line struct {
	glyph  rune
	app    string // empty in the registry section
	device algebra.DeviceID
	what   string // 2.0.0 → 2.1.0
	why    string
	fields []string
	notes  []string
}

// fold is lines that are equal but for the device.
type fold struct {
	line
	devices []string
}

func folds(lines []line) []*fold {
	byText := map[string]*fold{}
	var order []*fold
	for _, l := range lines {
		key := fmt.Sprintf("%c\x00%s\x00%s\x00%s\x00%q\x00%q", l.glyph, l.app, l.what, l.why, l.fields, l.notes)
		f := byText[key]
		if f == nil {
			f = &fold{line: l}
			byText[key] = f
			order = append(order, f)
		}
		f.devices = append(f.devices, l.device.String())
	}
	return order
}

// row is a fold as it is printed.
type row struct {
	glyph   rune
	address string
	list    []string // the devices, where the address has no room for them
	what    string
	why     string
	fields  []string
	notes   []string
}

// row decides where the devices stand: in the address, if that is short enough.
func (f *fold) row(width int) row {
	r := row{glyph: f.glyph, what: f.what, why: f.why, fields: f.fields, notes: f.notes}
	folded := selectors.Fold(f.devices)
	items := split(folded)
	r.address = folded
	if f.app != "" {
		if len(items) > 1 {
			r.address = "{" + folded + "}"
		}
		r.address += "/" + f.app
	}
	many := fmt.Sprintf("%d devices", len(f.devices))
	switch {
	case len(f.devices) == 1:
	case columns(r.address) <= widestAddress:
		r.why = many + ", " + r.why
	default:
		r.address = many
		if f.app != "" {
			r.address = f.app + " on " + many
		}
		r.list = listed(items, width, len(f.devices))
	}
	return r
}
