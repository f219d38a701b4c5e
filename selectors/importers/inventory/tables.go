package inventory

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// readCSV reads a table: a row a device, its name in the column id, name or host, each other
// column a label, or a fact where it is called facts.KEY. An empty cell is no label. With the name
// in the column device it is a table of muster query -o csv: labels are called label.KEY there, and
// all else is a fact.
func readCSV(text string) (*Inventory, error) {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	head, err := r.Read()
	if err != nil {
		return nil, err
	}
	names := slices.IndexFunc(head, func(h string) bool { return slices.Contains([]string{"id", "name", "host", "device"}, h) })
	if names < 0 {
		return nil, errors.New("line 1: no column is called id, name, host or device")
	}
	ours := head[names] == "device"
	for i, h := range head {
		if h == "" || slices.Index(head, h) != i {
			return nil, fmt.Errorf("line 1: column %d has no name of its own", i+1)
		}
	}
	var hosts []Host
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return OfDevices(hosts, true)
		}
		if err != nil {
			return nil, err
		}
		h := Host{Name: row[names], Labels: map[string]string{}, Facts: map[string]string{}}
		for i, cell := range row {
			fact, isFact := strings.CutPrefix(head[i], "facts.")
			label, isLabel := strings.CutPrefix(strings.Replace(head[i], "labels.", "label.", 1), "label.")
			switch {
			case i == names || cell == "":
			case isFact, ours && !isLabel:
				h.Facts[fact] = cell
			default:
				h.Labels[label] = cell
			}
		}
		hosts = append(hosts, h)
	}
}

// readRoster reads devices as JSON lines, the form of muster's --roster.
func readRoster(text string) (*Inventory, error) {
	var hosts []Host
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for n := 1; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var d struct {
			ID            string
			Labels, Facts map[string]any
		}
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil || d.ID == "" {
			return nil, fmt.Errorf(`line %d: no device; write one object a line: {"id":"gw-1","labels":{"site":"a"}}`, n)
		}
		h := Host{Name: d.ID, Labels: map[string]string{}, Facts: map[string]string{}}
		for _, each := range []struct {
			from map[string]any
			to   map[string]string
		}{{d.Labels, h.Labels}, {d.Facts, h.Facts}} {
			for k, v := range each.from {
				if val := jsonValue(v); val.why == "" {
					each.to[k] = val.text
				}
			}
		}
		hosts = append(hosts, h)
	}
	return OfDevices(hosts, true)
}

// OfDevices is an inventory of devices: their labels group/NAME = "true" are its groups. Each
// device stands in it once; where they are ordered, that is the order of the inventory.
func OfDevices(hosts []Host, ordered bool) (*Inventory, error) {
	v := &Inventory{Hosts: hosts, Roster: true, Unordered: !ordered, Groups: []Group{{Name: "all", Ordered: ordered}}}
	members := map[string][]string{}
	seen := map[string]bool{}
	for _, h := range hosts {
		if h.Name == "" || seen[h.Name] {
			return nil, fmt.Errorf("device %q stands here twice, or has no name", h.Name)
		}
		seen[h.Name] = true
		v.Groups[0].Hosts = append(v.Groups[0].Hosts, h.Name)
		for k, val := range h.Labels {
			if name, ok := strings.CutPrefix(k, LabelOf("")); ok && val == "true" {
				members[name] = append(members[name], h.Name)
			}
		}
	}
	if len(hosts) == 0 {
		return nil, errors.New("no device in it")
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		v.Groups = append(v.Groups, Group{Name: name, Hosts: members[name], Ordered: ordered})
	}
	return v, nil
}

func jsonValue(v any) value {
	switch v := v.(type) {
	case string:
		return plainText(v)
	case bool:
		return truth(v)
	case json.Number:
		return value{text: v.String()}
	case float64:
		b, err := json.Marshal(v)
		if err != nil {
			return value{why: "is a number out of range"}
		}
		return value{text: string(b)}
	case nil:
		return value{why: noValue}
	}
	return value{why: manyValues}
}

// readList reads what ansible-inventory --list prints. All that plugins and files beside the
// inventory say is in it, but not in which order groups stand.
func readList(content []byte) (*Inventory, error) {
	dec := json.NewDecoder(bytes.NewReader(content))
	dec.UseNumber()
	var list map[string]json.RawMessage
	if err := dec.Decode(&list); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) || list["_meta"] == nil {
		return nil, errors.New("not what ansible-inventory --list prints: no _meta in it")
	}
	var meta struct{ Hostvars map[string]map[string]any }
	if err := unmarshalNumbers(list["_meta"], &meta); err != nil {
		return nil, fmt.Errorf("_meta: %w", err)
	}
	delete(list, "_meta")
	g := newGraph()
	for _, name := range slices.Sorted(maps.Keys(list)) {
		var one struct{ Hosts, Children []string }
		if err := json.Unmarshal(list[name], &one); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		at := g.group(name)
		for _, h := range one.Hosts {
			g.host(h, at)
		}
		for _, c := range one.Children {
			if !g.adopt(at, g.group(c)) {
				return nil, fmt.Errorf("the group %s contains itself", c)
			}
		}
	}
	for _, h := range slices.Sorted(maps.Keys(meta.Hostvars)) {
		if _, ok := g.vars[h]; !ok {
			g.host(h, g.byName["ungrouped"])
		}
		for k, v := range meta.Hostvars[h] {
			g.vars[h][k] = jsonValue(v)
		}
	}
	v, err := g.inventory()
	for i := range g.groups {
		if err == nil && len(g.groups[i].children) > 0 { // children are printed by name
			v.Groups[i].Ordered = false
		}
	}
	return v, err
}

func unmarshalNumbers(b []byte, to any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	return dec.Decode(to)
}
