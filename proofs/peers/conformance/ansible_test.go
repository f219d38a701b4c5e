package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/importers"
	"github.com/musterfleet/muster/selectors/importers/inventory"
)

type ansibleQuestion struct {
	Inventory string   `json:"inventory"`
	Patterns  []string `json:"patterns"`
}

type ansibleAnswer struct {
	Error    string
	Groups   map[string][]string
	Vars     map[string]map[string]any
	Patterns []struct {
		Hosts   []string
		Unknown bool
		Error   string
	}
}

var (
	ansibleHosts  = []string{"web1", "web2.example.org", "db[01:03]", "gw[a:c].lyon", "h[0:6:2]", "10.0.0.[1:3]", "solo:2222", "web[8:11]", "all1"}
	ansibleGroups = []string{"web", "db", "prod", "east", "old", "web1", "deep", "g_x", "site-a"}
	ansibleVars   = []string{"site=lyon", "ring=0", "n=007", "f=1.50", "ok=True", "nul=None", "q='a b'", `d="x=y"`, "ansible_user=root", "big=0x1F", "l=[1,2]", "t={{ x }}", "empty=", "neg=-3", "y=yes", "s='12'"}
	yamlVars      = []string{"site: lyon", "ring: 0", "n: 007", "f: 1.50", "ok: yes", "nul: null", "q: 'a b'", "sw: off", "z: 1:30", "o: 0o17", "t: '{{ x }}'", "l: [1]", "h: 0x1F", "e: ''", "d: 2001-12-14", "v: 1.2.3", "u: 1_000"}
)

// randomINI is an inventory whose groups nest, and whose variables meet.
func randomINI(r *rand.Rand) string {
	var b strings.Builder
	hostLine := func() {
		b.WriteString(one(r, ansibleHosts))
		for range r.IntN(3) {
			b.WriteString(" " + one(r, ansibleVars))
		}
		b.WriteString(one(r, []string{"", "", " # why"}) + "\n")
	}
	for range r.IntN(3) {
		hostLine()
	}
	groups := slices.Clone(ansibleGroups)
	r.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	groups = groups[:2+r.IntN(6)]
	for i, g := range groups {
		fmt.Fprintf(&b, "[%s]\n", g)
		for range r.IntN(4) {
			hostLine()
		}
		if i > 0 && r.IntN(2) == 0 {
			fmt.Fprintf(&b, "[%s:children]\n%s\n", g, groups[r.IntN(i)])
			if r.IntN(3) == 0 {
				b.WriteString(groups[r.IntN(i)] + "\n")
			}
		}
		if r.IntN(2) == 0 {
			fmt.Fprintf(&b, "[%s:vars]\n%s\n", g, one(r, ansibleVars))
			if r.IntN(3) == 0 {
				fmt.Fprintf(&b, "ansible_group_priority=%d\n", r.IntN(4))
			}
		}
	}
	b.WriteString("[all:vars]\nsite=everywhere\n")
	return b.String()
}

func randomYAML(r *rand.Rand) string {
	var b strings.Builder
	groups := slices.Clone(ansibleGroups)
	r.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	var group func(indent string, depth int)
	group = func(indent string, depth int) {
		g := groups[0]
		groups = groups[1:]
		fmt.Fprintf(&b, "%s%s:\n%s  hosts:\n", indent, g, indent)
		hosts := slices.Clone(ansibleHosts)
		r.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
		for _, h := range hosts[:r.IntN(4)] {
			fmt.Fprintf(&b, "%s    %s:\n", indent, strings.ReplaceAll(h, "solo:2222", "solo"))
			if r.IntN(2) == 0 {
				fmt.Fprintf(&b, "%s      %s\n", indent, one(r, yamlVars))
			}
		}
		if r.IntN(2) == 0 {
			fmt.Fprintf(&b, "%s  vars:\n%s    %s\n", indent, indent, one(r, yamlVars))
		}
		if depth > 0 && len(groups) > 2 && r.IntN(3) > 0 {
			fmt.Fprintf(&b, "%s  children:\n", indent)
			for range 1 + r.IntN(2) {
				group(indent+"    ", depth-1)
			}
		}
	}
	b.WriteString("all:\n  hosts:\n    root1:\n  vars:\n    site: everywhere\n  children:\n")
	for range 2 {
		if len(groups) > 0 {
			group("    ", 2)
		}
	}
	return b.String()
}

var ansibleWords = []string{"all", "*", "web", "db", "prod", "east", "old", "web1", "deep", "g_x", "site-a", "ungrouped", "nope", "db01", "solo", "root1", "web2.example.org",
	"10.0.0.1", "w*", "d?", "*.example.org", "h[0-4]", "h[!0]", "web[12]", "web1*", "~web[0-9]+", "~(db|gw).*", `~h\d$`, `~.*\.lyon$`, "~(?i)WEB", "gw?.lyon", "*0*",
	"web[0]", "db[-1]", "all[0]", "db[0:1]", "web[1:]", "prod[0:0]", "w*[0]", "all[1:3]", "deep[5]", "h*[0:2]", "e*", "[a-z]*", "web:22", "localhost"}

func randomPattern(r *rand.Rand) string {
	separator := one(r, []string{":", ",", ", ", " : "})
	var list []string
	for range 1 + r.IntN(4) {
		list = append(list, one(r, []string{"", "", "", "&", "!"})+one(r, ansibleWords))
	}
	return strings.Join(list, separator)
}

// Inventories are read as Ansible reads them: groups, and the variables of each host. Patterns
// are the hosts that Ansible gives, by each way of saying who is meant, and unknown names are
// refused where Ansible would warn.
func TestAnsible(t *testing.T) {
	needs(t, "ansible", "ansible-core")
	r := chance(t)
	dir := t.TempDir()
	var questions []ansibleQuestion
	var texts []string
	for i := range max(cases(t)/200, 4) {
		text, name := randomINI(r), fmt.Sprintf("%d.ini", i)
		if i%2 == 1 {
			text, name = randomYAML(r), fmt.Sprintf("%d.yaml", i)
		}
		q := ansibleQuestion{Inventory: filepath.Join(dir, name)}
		for range 60 {
			q.Patterns = append(q.Patterns, randomPattern(r))
		}
		if err := os.WriteFile(q.Inventory, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		questions, texts = append(questions, q), append(texts, text)
	}
	patterns, inventories := tally{}, tally{}
	for i, a := range ask[ansibleQuestion, ansibleAnswer](t, "ask_ansible.py", nil, questions) {
		v, err := inventory.Read(questions[i].Inventory, []byte(texts[i]))
		if inventories.texts++; (err == nil) != (a.Error == "") {
			inventories.differ(t, "%s\nAnsible says %q, muster %v", texts[i], a.Error, err)
		}
		if err != nil || a.Error != "" {
			continue
		}
		compareInventories(t, &inventories, texts[i], v, a)
		for j, p := range questions[i].Patterns {
			comparePattern(t, &patterns, texts[i], v, p, a.Patterns[j].Hosts, a.Patterns[j].Unknown, a.Patterns[j].Error)
		}
	}
	inventories.report(t, "Ansible, inventories", 1)
	patterns.report(t, "Ansible, patterns", 0.85)
}

func compareInventories(t *testing.T, count *tally, text string, v *inventory.Inventory, a ansibleAnswer) {
	t.Helper()
	groups := map[string][]string{}
	for _, g := range v.Groups {
		groups[g.Name] = g.Hosts
		count.verdicts++
		have, want := slices.Clone(g.Hosts), slices.Clone(a.Groups[g.Name])
		if !g.Ordered {
			slices.Sort(have)
			slices.Sort(want)
		}
		if !slices.Equal(have, want) {
			count.differ(t, "%s\ngroup %s is %v, Ansible says %v", text, g.Name, have, want)
		}
	}
	for g := range a.Groups {
		if _, ok := groups[g]; !ok {
			count.differ(t, "%s\nno group %s", text, g)
		}
	}
	for _, h := range v.Hosts {
		want := map[string]string{}
		for k, val := range a.Vars[h.Name] {
			s, isText := val.(string)
			b, err := json.Marshal(val)
			switch {
			case isText && !strings.Contains(s, "{{"):
				want[k] = s
			case err == nil && !isText && val != nil && b[0] != '[' && b[0] != '{':
				want[k] = string(b)
			}
		}
		for g, hosts := range a.Groups {
			if g != "all" && slices.Contains(hosts, h.Name) {
				want[inventory.LabelOf(g)] = "true"
			}
		}
		delete(want, "f") // JSON and Python print fractions otherwise; its text is tested apart
		have := maps.Clone(h.Labels)
		delete(have, "f")
		if count.verdicts++; !maps.Equal(have, want) {
			count.differ(t, "%s\nhost %s has %v, Ansible says %v", text, h.Name, have, want)
		}
	}
}

func comparePattern(t *testing.T, count *tally, text string, v *inventory.Inventory, p string, hosts []string, unknown bool, wrong string) {
	t.Helper()
	names := map[string]*selectors.Bound{}
	for _, g := range v.Groups {
		var x selectors.Expr = selectors.Nodes{Names: g.Hosts}
		if len(g.Hosts) == 0 {
			x = selectors.Universe{Empty: true}
		}
		names[g.Name] = bound(t, x, nil)
	}
	roster := rosterOf(t, v)
	slices.Sort(hosts)
	hosts = slices.Compact(hosts)
	for _, as := range []importers.Names{importers.AsHosts, importers.AsLabels, importers.AsFleets} {
		if _, err := importers.Ansible(p, importers.AnsibleOptions{Inventory: v, Names: as}); err == nil && unknown {
			count.differ(t, "%s\n%q names what the inventory lacks, and is translated", text, p)
		}
		x, err := importers.Ansible(p, importers.AnsibleOptions{Inventory: v, Names: as, Unknown: true})
		if wrong != "" {
			if err == nil {
				count.differ(t, "%s\n%q: Ansible says %s, muster %s", text, p, wrong, selectors.Print(x))
			}
			continue
		}
		if count.texts++; err != nil {
			if count.refused++; os.Getenv("PEERS_REFUSED") != "" {
				t.Logf("%q is refused: %v", p, err)
			}
			continue
		}
		count.verdicts++
		if have := ids(roster, bound(t, x, names)); !slices.Equal(have, hosts) {
			count.differ(t, "%s\n%q: %s is %v, Ansible says %v", text, p, selectors.Print(x), have, hosts)
		}
	}
}

func rosterOf(t *testing.T, v *inventory.Inventory) *algebra.Roster {
	t.Helper()
	var devices []algebra.Device
	for _, h := range v.Hosts {
		id, err := algebra.ParseDeviceID(h.Name)
		if err != nil {
			t.Fatal(err)
		}
		devices = append(devices, algebra.Device{ID: id, Labels: h.Labels})
	}
	roster, err := algebra.NewRoster(devices)
	if err != nil {
		t.Fatal(err)
	}
	return roster
}

// The command ansible prints the hosts that its library was asked for above.
func TestAnsibleCommand(t *testing.T) {
	needs(t, "ansible", "ansible-core")
	file := filepath.Join(t.TempDir(), "hosts.ini")
	const text = "[web]\nweb[1:3]\n[prod]\nweb2\ndb1\n[old]\nweb3\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	v, err := inventory.Read(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"web:prod:&web:!old", "!old", "web[0:1]", "~w.*2$"} {
		out, err := exec.Command("ansible", "-i", file, "--list-hosts", p).Output()
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for line := range strings.Lines(string(out)) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "hosts (") {
				want = append(want, line)
			}
		}
		slices.Sort(want)
		x, err := importers.Ansible(p, importers.AnsibleOptions{Inventory: v})
		if err != nil {
			t.Fatal(err)
		}
		if have := ids(rosterOf(t, v), bound(t, x, nil)); !slices.Equal(have, want) {
			t.Errorf("%s is %v, ansible prints %v", p, have, want)
		}
	}
}
