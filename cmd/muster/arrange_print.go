package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// printArranged writes the rows of a query with clauses. Where no format was asked for it is
// a table.
func (p printer) printArranged(a arranged) error {
	out := p.console.out
	if p.count {
		_, err := fmt.Fprintln(out, len(a.rows))
		return err
	}
	switch p.format {
	case "names":
		for _, r := range a.rows {
			if _, err := fmt.Fprint(out, lines(a.ids(r))); err != nil {
				return err
			}
		}
		return nil
	case "json":
		return indented(p.console, a.objects())
	case "ndjson":
		return asLines(p.console, slices.Values(a.objects()))
	case "yaml":
		return asYAML(p.console, a.objects())
	case "csv":
		heads := a.heads()
		cells := [][]string{heads}
		return asCSV(p.console, append(cells, a.cells("", ";", 0)...))
	}
	a = a.namesLast()
	heads := a.heads()
	for i, h := range heads {
		heads[i] = strings.ToUpper(strings.TrimPrefix(h, "label."))
	}
	cells := a.cells("(absent)", ", ", fewValues)
	if p.console.person() {
		cutLast(heads, cells, p.console.columns())
	}
	return table(out, heads, cells)
}

// fewValues is how many values of a group a table shows of a key.
const fewValues = 5

func (a arranged) heads() []string {
	var out []string
	if len(a.by) == 0 {
		out = append(out, "device")
	}
	for _, k := range a.by {
		out = append(out, columnOfKey(k))
	}
	if len(a.by) > 0 {
		out = append(out, "devices")
	}
	for _, k := range a.show {
		out = append(out, columnOfKey(k))
	}
	if len(a.by) > 0 && len(a.show) == 0 {
		out = append(out, "names")
	}
	return out
}

// folds says that column i of show is names, which a group shows folded.
func (a arranged) folds(i int) bool {
	k := a.show[i]
	return len(a.by) > 0 && !k.Label && (k.Name == "name" || k.Name == "id")
}

// namesLast moves the columns of folded names to the end, where their length widens no table.
func (a arranged) namesLast() arranged {
	var order, names []int
	for i := range a.show {
		if a.folds(i) {
			names = append(names, i)
		} else {
			order = append(order, i)
		}
	}
	order = append(order, names...)
	moved := a
	moved.show, moved.rows = nil, slices.Clone(a.rows)
	for _, i := range order {
		moved.show = append(moved.show, a.show[i])
	}
	for n, r := range a.rows {
		moved.rows[n].shown = nil
		for _, i := range order {
			moved.rows[n].shown = append(moved.rows[n].shown, r.shown[i])
		}
	}
	return moved
}

func columnOfKey(k selectors.Key) string { return column(algebra.Key{Label: k.Label, Name: k.Name}) }

// cells are the rows as texts: absent stands for a key a device lacks; of more values than
// most, if that is not 0, the first are given.
func (a arranged) cells(absent, between string, most int) [][]string {
	say := func(v optional) string {
		if v.present {
			return v.text
		}
		return absent
	}
	var out [][]string
	for _, r := range a.rows {
		var row []string
		if len(a.by) == 0 {
			row = append(row, a.roster.ID(r.devices[0]).String())
		}
		for _, v := range r.by {
			row = append(row, say(v))
		}
		if len(a.by) > 0 {
			row = append(row, strconv.Itoa(len(r.devices)))
		}
		for i, values := range r.shown {
			if a.folds(i) {
				row = append(row, a.roster.Among(r.devices).Fold())
				continue
			}
			var texts []string
			for _, v := range values {
				if texts = append(texts, say(v)); most > 0 && len(texts) == most && len(values) > most {
					texts = append(texts, "…")
					break
				}
			}
			row = append(row, strings.Join(texts, between))
		}
		if len(a.by) > 0 && len(a.show) == 0 {
			row = append(row, a.roster.Among(r.devices).Fold())
		}
		out = append(out, row)
	}
	return out
}

// ids are the devices of a row.
func (a arranged) ids(r arrangedRow) []string { return ids(a.roster.Among(r.devices)) }

// objects are the rows as machines read them: of a group its values, its devices and what of
// them is shown; of a device the keys shown, or all there is.
func (a arranged) objects() []any {
	value := func(v optional) any {
		if v.present {
			return v.text
		}
		return nil
	}
	out := []any{}
	for _, r := range a.rows {
		switch {
		case len(a.by) > 0:
			by, show := map[string]any{}, map[string][]any{}
			for i, k := range a.by {
				by[columnOfKey(k)] = value(r.by[i])
			}
			for i, k := range a.show {
				for _, v := range r.shown[i] {
					show[columnOfKey(k)] = append(show[columnOfKey(k)], value(v))
				}
			}
			out = append(out, struct {
				By      map[string]any   `json:"by"`
				Count   int              `json:"count"`
				Devices []string         `json:"devices"`
				Show    map[string][]any `json:"show"`
			}{by, len(r.devices), a.ids(r), show})
		case len(a.show) > 0:
			show := map[string]any{}
			for i, k := range a.show {
				show[columnOfKey(k)] = value(r.shown[i][0])
			}
			out = append(out, struct {
				ID   string         `json:"id"`
				Show map[string]any `json:"show"`
			}{a.roster.ID(r.devices[0]).String(), show})
		default:
			out = append(out, a.roster.Device(r.devices[0]))
		}
	}
	return out
}
