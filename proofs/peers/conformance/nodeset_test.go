package conformance

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/importers"
)

var nodeWords = []string{"web1", "web[1-9]", "web[2-8/2]", "gpu[01-12]", "gpu[01,3,05-07]", "rack[1-2]n[1-4]", "n[08-11]", "n1[0-3]", "n[1-3]0",
	"web[1-3,5]", "gpu0", "gpu0[1-9]", "n[8-12]", "n1[8-12]", "a[1-2]b[1-2]c", "n[0-3]5", "n[0-12]5", "web03", "web", "x-y.z", "n[1-10/3]", " web2 ", "n[1,1,1-2]",
	"@web", "@gpu", "@east", "@old", "@rack[1-2]", "@some", "@empty", "@room:hall", "@room:yard", "@room:*", "@*", "@local:web", "@local:*", "@flat:*", "@flat:b", "@rooms:*",
	"web*", "gpu?1", "w?b[1-3]", "*n1*", "rack*", "nope*", "*"}

var nodeNoise = []string{"", "[", "]", ",", "[1-]", "[a-b]", "[3-1]", "[1-2]]", "[[1]", "web[1-2][3]", "web[08-9]", "web[1/2]", "web[1-4/0]", "@nope", "@nope:web", " ", "web[]", "n[1-2/x]", "web[ 1 - 3 , 5 ]", "web[0-00]", "web[00-3]"}

func randomNodeset(r *rand.Rand) string {
	var b strings.Builder
	for i := range 1 + r.IntN(4) {
		if i > 0 {
			b.WriteString(one(r, []string{",", ",", "!", "&", "^", ", ", " & "}))
		}
		b.WriteString(one(r, nodeWords))
	}
	text := b.String()
	if r.IntN(5) == 0 {
		at := r.IntN(len(text) + 1)
		text = text[:at] + one(r, nodeNoise) + text[at:]
	}
	return text
}

type nodesetAnswer struct {
	Nodes []string
	Error string
}

// Whatever is translated, with the groups of a file and without, is the nodes that ClusterShell
// finds, and what ClusterShell refuses is refused.
func TestNodeset(t *testing.T) {
	needs(t, "ClusterShell", "clustershell")
	r := chance(t)
	texts := make([]string, cases(t)/4)
	for i := range texts {
		texts[i] = randomNodeset(r)
	}
	answers := ask[string, nodesetAnswer](t, "ask_nodeset.py", []string{"groups.yaml"}, texts)
	file, err := os.ReadFile("groups.yaml")
	if err != nil {
		t.Fatal(err)
	}
	groups, err := importers.ReadGroups(file)
	if err != nil {
		t.Fatal(err)
	}
	listed, named := tally{}, tally{}
	names, everywhere := clusterShellGroups(t)
	if everywhere == nil {
		t.Fatal("the standard source has no nodes")
	}
	for i, text := range texts {
		theirs := answers[i]
		ours, err := importers.Nodeset(text, groups)
		compareNodes(t, &listed, text, theirs, ours, err, rosterWith(t, theirs.Nodes, ours), nil)
		if !strings.ContainsAny(text, "*?") || !strings.Contains(theirs.Error, "Error") {
			ours, err = importers.Nodeset(text, nil)
			theirs.Nodes = slices.DeleteFunc(slices.Clone(theirs.Nodes), func(n string) bool { return !slices.Contains(everywhere, n) })
			if theirs.Error == "" { // a group that no name stands for is an error of binding
				for _, n := range namesUsed(ours) {
					if err == nil && names[n] == nil {
						err = errors.New("unknown name @" + n)
					}
				}
				compareNodes(t, &named, text, theirs, ours, err, rosterWith(t, everywhere, nil), names)
			}
		}
	}
	listed.report(t, "ClusterShell, groups listed", 0.9)
	named.report(t, "ClusterShell, groups named", 0.75)
	oneByOne(t, texts[:40], answers)
}

// clusterShellGroups are the groups as names, and the nodes of the standard source.
func clusterShellGroups(t *testing.T) (names map[string]*selectors.Bound, all []string) {
	known := map[string]string{"web": "@web", "gpu": "@gpu", "east": "@east", "old": "@old", "rack1": "@rack1", "rack2": "@rack2", "some": "@some",
		"empty": "@empty", "room.hall": "@room:hall", "room.yard": "@room:yard", "local.web": "@local:web", "flat.b": "@flat:b"}
	names = map[string]*selectors.Bound{}
	var texts, order []string
	for name, text := range known {
		order, texts = append(order, name), append(texts, text)
	}
	for i, a := range ask[string, nodesetAnswer](t, "ask_nodeset.py", []string{"groups.yaml"}, append(texts, "@*")) {
		if i == len(order) {
			return names, a.Nodes
		}
		var x selectors.Expr = selectors.Nodes{Names: a.Nodes}
		if len(a.Nodes) == 0 {
			x = selectors.Universe{Empty: true}
		}
		names[order[i]] = bound(t, x, nil)
	}
	return nil, nil
}

// rosterWith has the devices of both answers, so that neither can say too little unseen.
func rosterWith(t *testing.T, nodes []string, x selectors.Expr) *algebra.Roster {
	t.Helper()
	all := slices.Concat(nodes, nodesIn(x))
	slices.Sort(all)
	var devices []algebra.Device
	for _, n := range slices.Compact(all) {
		if id, err := algebra.ParseDeviceID(n); err == nil { // a node with a blank in it is no device
			devices = append(devices, algebra.Device{ID: id})
		}
	}
	roster, err := algebra.NewRoster(devices)
	if err != nil {
		t.Fatal(err)
	}
	return roster
}

func nodesIn(x selectors.Expr) []string {
	switch x := x.(type) {
	case selectors.Nodes:
		return x.Names
	case selectors.Binary:
		return slices.Concat(nodesIn(x.L), nodesIn(x.R))
	case selectors.Filter:
		return nodesIn(x.X)
	}
	return nil
}

func namesUsed(x selectors.Expr) []string {
	switch x := x.(type) {
	case selectors.Name:
		return []string{x.Name}
	case selectors.Binary:
		return slices.Concat(namesUsed(x.L), namesUsed(x.R))
	case selectors.Filter:
		return namesUsed(x.X)
	}
	return nil
}

func compareNodes(t *testing.T, count *tally, text string, theirs nodesetAnswer, ours selectors.Expr, err error, roster *algebra.Roster, names map[string]*selectors.Bound) {
	t.Helper()
	if theirs.Error != "" {
		if err == nil {
			count.differ(t, "%q: ClusterShell says %s, muster %s", text, theirs.Error, selectors.Print(ours))
		}
		return
	}
	if count.texts++; err != nil {
		if count.refused++; os.Getenv("PEERS_REFUSED") != "" {
			t.Logf("%q is refused: %v", text, err)
		}
		return
	}
	count.verdicts++
	if have := ids(roster, bound(t, ours, names)); !slices.Equal(have, theirs.Nodes) {
		count.differ(t, "%q: %s is %s, ClusterShell says %s", text, selectors.Print(ours), pretty(have), pretty(theirs.Nodes))
	}
}

// oneByOne asks the command nodeset the same as its library, where no groups are in the text.
func oneByOne(t *testing.T, texts []string, answers []nodesetAnswer) {
	asked := 0
	for i, text := range texts {
		if strings.ContainsAny(text, "@*?") || answers[i].Error != "" || len(answers[i].Nodes) == 0 {
			continue
		}
		out, err := exec.Command("nodeset", "-e", "-S", "\n", "--", text).Output()
		if have := strings.Fields(string(out)); err == nil {
			slices.Sort(have)
			if asked++; !slices.Equal(have, answers[i].Nodes) {
				t.Errorf("nodeset -e %q prints %v, its library says %v", text, have, answers[i].Nodes)
			}
		}
	}
	t.Logf("the command nodeset says the same on %d texts", asked)
}
