package importers_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/musterfleet/muster/selectors/importers"
	"github.com/musterfleet/muster/selectors/importers/inventory"
)

// pattern is a host pattern of a real fleet, in how many rows it stands, and whom Ansible gives.
type pattern struct {
	Pattern string
	Rows    int
	Hosts   []string
}

func fedora(t *testing.T) (*inventory.Inventory, []pattern) {
	t.Helper()
	b, err := os.ReadFile("../../examples/fedora/devices.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	v, err := inventory.Read("devices.jsonl", b)
	if err != nil {
		t.Fatal(err)
	}
	if b, err = os.ReadFile("../../examples/fedora/patterns.jsonl"); err != nil {
		t.Fatal(err)
	}
	var list []pattern
	for line := range strings.Lines(string(b)) {
		var p pattern
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return v, list
}

// Every pattern of the Fedora project's playbooks, translated against the roster, admits exactly
// the machines that Ansible gave, by each way of saying who is meant. Names that the roster
// lacks are refused unless they may pass; then all 872 rows are translated.
func TestFedoraPatterns(t *testing.T) {
	roster, patterns := fedora(t)
	names := map[string]func(device) bool{}
	for _, g := range roster.Groups {
		names[g.Name] = func(d device) bool { return slices.Contains(g.Hosts, d.name) }
	}
	for _, unknown := range []bool{false, true} {
		translated, refused := 0, 0
		for _, p := range patterns {
			for _, as := range []importers.Names{importers.AsLabels, importers.AsHosts, importers.AsFleets} {
				x, err := importers.Ansible(p.Pattern, importers.AnsibleOptions{Inventory: roster, Names: as, Unknown: unknown})
				if err != nil {
					if unknown || !strings.Contains(err.Error(), "the inventory has no group and no host") {
						t.Errorf("%s: %v", p.Pattern, err)
					}
					if as == importers.AsLabels {
						refused += p.Rows
					}
					continue
				}
				if as == importers.AsLabels {
					translated += p.Rows
				}
				wellFormed(t, x)
				var have []string
				for _, h := range roster.Hosts {
					if admits(t, x, device{name: h.Name, labels: h.Labels}, names) {
						have = append(have, h.Name)
					}
				}
				if slices.Sort(have); !slices.Equal(have, p.Hosts) {
					t.Errorf("%s as %d gives %v, want %v", p.Pattern, as, have, p.Hosts)
				}
			}
		}
		t.Logf("unknown names pass: %t: %d rows translated, %d refused", unknown, translated, refused)
		if want := map[bool]int{false: 872 - 83, true: 872}[unknown]; translated != want || translated+refused != 872 {
			t.Errorf("%d rows are translated, want %d", translated, want)
		}
	}
}
