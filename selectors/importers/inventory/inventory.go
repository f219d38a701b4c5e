package inventory

import (
	"fmt"
	"slices"
	"strings"
)

// Inventory is what Ansible knows of hosts.
type Inventory struct {
	Hosts  []Host
	Groups []Group // in the order in which Ansible came to know them
	// Roster says that the hosts are devices, which carry their groups as labels.
	Roster bool
	// Unordered says that the hosts stand in another order than an inventory would have them.
	Unordered bool
	// Left are the variables that became no label, each with the reason, sorted.
	Left []string
}

// Host is a host as the device it becomes.
type Host struct {
	Name   string
	Labels map[string]string
	Facts  map[string]string
}

// Group is a group with the hosts of all groups in it.
type Group struct {
	Name  string
	Hosts []string
	// Ordered says that the hosts stand in Ansible's order. Where groups are nested deeper
	// than once, Ansible itself has none.
	Ordered bool
}

// LabelOf is the label that a device of the group has.
func LabelOf(group string) string { return "group/" + group }

// Host finds a host by name.
func (v *Inventory) Host(name string) bool {
	return slices.ContainsFunc(v.Hosts, func(h Host) bool { return h.Name == name })
}

// Read reads an inventory; the name's extension, or else the content, says of which form. The
// error names the line where there is one.
func Read(name string, content []byte) (*Inventory, error) {
	text := string(content)
	start := strings.TrimLeft(text, " \t\r\n\ufeff")
	switch extension := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:]); {
	case start == "":
		return nil, fmt.Errorf("no host in it")
	case extension == "csv":
		return readCSV(text)
	case extension == "jsonl", extension == "ndjson":
		return readRoster(text)
	case extension == "json", start[0] == '{':
		if v, err := readList(content); err == nil {
			return v, nil
		} else if extension == "json" && !strings.Contains(strings.TrimSpace(start), "\n") {
			return nil, err
		}
		return readRoster(text)
	case extension == "yaml", extension == "yml", strings.HasPrefix(start, "---"), looksLikeYAML(start):
		return readYAML(content)
	}
	return readINI(text)
}

// looksLikeYAML reports whether the first line that says something is a key of YAML alone.
func looksLikeYAML(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, rest, ok := strings.Cut(line, ":")
		rest = strings.TrimSpace(rest)
		return ok && line[0] != '[' && !strings.ContainsAny(key, " =[") && (rest == "" || rest[0] == '#')
	}
	return false
}
