package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
)

// printer writes devices and claims in one format.
type printer struct {
	console *console
	format  string
	columns []string
	count   bool
	// rows says that claims are shown as a table: they are, where no format was asked for.
	rows bool
}

// printFleet writes the devices of a fleet in the format asked for.
func (p printer) printFleet(f algebra.Fleet) error {
	out := p.console.out
	if p.count {
		_, err := fmt.Fprintln(out, f.Len())
		return err
	}
	var err error
	switch p.format {
	case "folded":
		if !f.IsEmpty() {
			_, err = fmt.Fprintln(out, p.folded(f))
		}
	case "names":
		err = names(out, f)
	case "json":
		err = indented(p.console, devices(f))
	case "ndjson":
		err = asLines(p.console, eachDevice(f))
	case "yaml":
		err = asYAML(p.console, devices(f))
	case "csv":
		var keys []algebra.Key
		if keys, err = p.keys(f); err == nil {
			err = asCSV(p.console, rows(f, keys))
		}
	case "table":
		err = p.fleetTable(f)
	}
	return err
}

// folded is the fleet's ids on one line, or broken after commas where a person reads.
func (p printer) folded(f algebra.Fleet) string {
	text := f.Fold()
	if !p.console.person() {
		return text
	}
	var b strings.Builder
	used := 0
	for i, item := range splitFolded(text) {
		if i > 0 {
			b.WriteByte(',')
			if used+1+len(item) >= p.console.columns() {
				b.WriteByte('\n')
				used = 0
			} else {
				used++
			}
		}
		b.WriteString(item)
		used += len(item)
	}
	return b.String()
}

// splitFolded cuts a folded set at the commas outside brackets.
func splitFolded(folded string) []string {
	depth := 0
	return strings.FieldsFunc(folded, func(r rune) bool {
		switch r {
		case '[':
			depth++
		case ']':
			depth--
		}
		return r == ',' && depth == 0
	})
}

func ids(f algebra.Fleet) []string {
	var out []string
	for id := range f.IDs() {
		out = append(out, id.String())
	}
	return out
}

// names writes one id a line.
func names(w io.Writer, f algebra.Fleet) error {
	buffered := bufio.NewWriter(w)
	for id := range f.IDs() {
		buffered.WriteString(id.String())
		buffered.WriteByte('\n') // an error of either is that of Flush
	}
	return buffered.Flush()
}

func lines(words []string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(w + "\n")
	}
	return b.String()
}

func devices(f algebra.Fleet) []algebra.Device {
	return slices.AppendSeq([]algebra.Device{}, eachDevice(f))
}

func eachDevice(f algebra.Fleet) iter.Seq[algebra.Device] {
	return func(yield func(algebra.Device) bool) {
		for i := range f.Ordinals() {
			if !yield(f.Roster().Device(i)) {
				return
			}
		}
	}
}

// rows is a head and one row a device; a key the device lacks is empty.
func rows(f algebra.Fleet, keys []algebra.Key) [][]string {
	head := []string{"device"}
	for _, k := range keys {
		head = append(head, column(k))
	}
	out := [][]string{head}
	for i := range f.Ordinals() {
		row := []string{f.Roster().ID(i).String()}
		for _, k := range keys {
			v, _ := f.Roster().Value(i, k)
			row = append(row, v)
		}
		out = append(out, row)
	}
	return out
}

// column is a key as --columns reads it and the language does too.
func column(k algebra.Key) string {
	if k.Label {
		return "label." + k.Name
	}
	return k.Name
}

// keys is the columns asked for, else all that some device of the fleet has.
func (p printer) keys(f algebra.Fleet) ([]algebra.Key, error) {
	var keys []algebra.Key
	for _, c := range p.columns {
		name, label := strings.CutPrefix(c, "label.")
		k := algebra.Key{Label: label, Name: name}
		if !slices.Contains(f.Roster().Keys(), k) {
			return nil, fmt.Errorf("--columns: no device has %s; %s", c, columnHint(f.Roster(), c))
		}
		keys = append(keys, k)
	}
	if len(p.columns) > 0 {
		return keys, nil
	}
	for _, k := range f.Roster().Keys() {
		if has(f, k) > 0 {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

func columnHint(r *algebra.Roster, c string) string {
	var known []string
	for _, k := range r.Keys() {
		if known = append(known, column(k)); k.Label && k.Name == c {
			return "did you mean label." + c + "?"
		}
	}
	return suggest(c, known, "write label.KEY or the name of a fact")
}

// has counts the devices of the fleet that have the key.
func has(f algebra.Fleet, k algebra.Key) int {
	_, absent := f.Partition(k)
	return f.Len() - absent.Len()
}

// rank is 0 for a key that tells two devices of the fleet apart, else 1.
func rank(f algebra.Fleet, k algebra.Key) int {
	if parts, _ := f.Partition(k); len(parts) > 1 {
		return 0
	}
	return 1
}

// fleetTable shows as many columns as fit, those first that tell devices apart and that most
// devices have, and says how many were left out.
func (p printer) fleetTable(f algebra.Fleet) error {
	keys, err := p.keys(f)
	if err != nil {
		return err
	}
	left := 0
	if len(p.columns) == 0 {
		slices.SortStableFunc(keys, func(a, b algebra.Key) int {
			return cmp.Or(cmp.Compare(rank(f, a), rank(f, b)), cmp.Compare(has(f, b), has(f, a)))
		})
		fit := p.fitting(f, keys)
		left = len(keys) - len(fit)
		keys = fit
	}
	all := rows(f, keys)
	for i := range all[0] {
		all[0][i] = strings.ToUpper(strings.TrimPrefix(all[0][i], "label."))
	}
	if err := table(p.console.out, all[0], all[1:]); err != nil {
		return err
	}
	if left > 0 {
		p.console.note("choose with --columns, or see all with -o csv or -o json", "%s not shown", counted(left, "key", "keys"))
	}
	return nil
}

func (p printer) fitting(f algebra.Fleet, keys []algebra.Key) []algebra.Key {
	used := len("device")
	for id := range f.IDs() {
		used = max(used, len(id.String()))
	}
	var fit []algebra.Key
	for _, k := range keys {
		wide := len(k.Name)
		parts, _ := f.Partition(k)
		for _, p := range parts {
			wide = max(wide, diag.Width(p.Value))
		}
		if used+2+wide > p.console.columns() {
			continue
		}
		used += 2 + wide
		fit = append(fit, k)
	}
	return fit
}
