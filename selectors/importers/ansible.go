package importers

import (
	"strings"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/importers/inventory"
)

// Names says what the groups and hosts of a pattern become.
type Names uint8

// The ways to say who is meant.
const (
	// AsFleets has @web for a group, whoever is in it then.
	AsFleets Names = iota + 1
	// AsLabels has label("group/web") = "true", which devices made from the inventory carry.
	AsLabels
	// AsHosts has {web[1-3]}, the hosts of the inventory as it is now.
	AsHosts
)

// AnsibleOptions say what the names in a pattern mean.
type AnsibleOptions struct {
	// Inventory knows the groups and hosts. Nil leaves all names to the reader of the result:
	// a name is then a group, and one with a dot, which no group has, a host.
	Inventory *inventory.Inventory
	// Names is AsFleets without an inventory. The zero value is AsLabels for a roster and
	// AsHosts for any other inventory.
	Names Names
	// Unknown lets names pass that the inventory does not have, as Ansible does with a
	// warning: they match nothing.
	Unknown bool
}

// Ansible reads a host pattern in Ansible's three phases: all patterns are united, the result
// is intersected with those that start with &, and those that start with ! are taken away, in
// whatever order they stand. Where only & and ! are given, they apply to all.
//
// A wildcard or ~regex fits groups and hosts, so it is read with an inventory, or where it
// wants a dot. A subscript counts in the order of the inventory.
func Ansible(source string, o AnsibleOptions) (selectors.Expr, error) {
	if err := readable(source); err != nil {
		return nil, err
	}
	switch {
	case o.Inventory == nil:
		o.Names = AsFleets
	case o.Names == 0 && o.Inventory.Roster:
		o.Names = AsLabels
	case o.Names == 0:
		o.Names = AsHosts
	}
	list, err := ansiblePatterns(source)
	if err != nil {
		return nil, err
	}
	var phases [3][]term
	for _, p := range list {
		phase := 0
		if i := strings.IndexByte("&!", p.text[0]); i >= 0 {
			phase = i + 1
		}
		t, err := o.pattern(p, phase > 0)
		if err != nil {
			return nil, err
		}
		phases[phase] = append(phases[phase], t)
	}
	out := fleet(selectors.Universe{})
	if o.Names == AsLabels {
		out = selector(selectors.Const{Value: true})
	}
	if len(phases[0]) > 0 {
		out = chain(phases[0], uniteHosts)
	}
	for _, t := range phases[1] {
		out = intersection(out, t)
	}
	for _, t := range phases[2] {
		out = difference(out, t)
	}
	return sayable(source, out)
}

// ansiblePatterns cuts a text into its patterns, at commas if it has any, else at colons and
// blanks unless the whole is one host.
func ansiblePatterns(s string) ([]token, error) {
	var list []token
	add := func(from, to int) {
		for from < to && isBlank(s[from]) {
			from++
		}
		for from < to && isBlank(s[to-1]) {
			to--
		}
		if from < to {
			list = append(list, token{word, s[from:to], from, to})
		}
	}
	switch {
	case strings.Contains(s, ","):
		from := 0
		for i := 0; i <= len(s); i++ {
			if i == len(s) || s[i] == ',' {
				add(from, i)
				from = i + 1
			}
		}
	case inventory.IsAddress(s):
		add(0, len(s))
	default:
		for i := 0; i < len(s); {
			end := patternEnd(s, i)
			add(i, end)
			i = max(end, i+1)
		}
	}
	if len(list) == 0 {
		return nil, refuse(0, len(s), "a pattern is missing", "write all for all hosts")
	}
	for _, p := range list {
		switch bare := strings.TrimLeft(p.text[:1], "&!") + p.text[1:]; {
		case bare == "" || bare == "~":
			return nil, refuse(p.start, p.end, "a pattern is missing after "+p.text, "")
		case strings.ContainsAny(bare[:1], "&!"):
			return nil, refuse(p.start, p.end, "two of & and ! before a pattern", "")
		case bare[0] == '@':
			return nil, refuse(p.start, p.end, "a file of patterns, which only --limit takes", "write what stands in it")
		}
	}
	return list, nil
}

// patternEnd is where the run of characters and complete brackets that starts at i ends. A
// bracket that is not complete separates, as a colon and a blank do.
func patternEnd(s string, i int) int {
	for i < len(s) && s[i] != ':' && s[i] != ']' && !isBlank(s[i]) {
		if s[i] == '[' {
			length := strings.IndexByte(s[i:], ']')
			if length < 0 {
				return i
			}
			i += length
		}
		i++
	}
	return i
}

// uniteHosts is a union in which hosts that are listed side by side become one list.
func uniteHosts(a, b term) term {
	if l, ok := a.x.(selectors.Nodes); ok {
		if r, ok := b.x.(selectors.Nodes); ok {
			return fleet(selectors.Nodes{Names: joinNames(',', l.Names, r.Names)})
		}
	}
	switch {
	case a.nothing():
		return b
	case b.nothing():
		return a
	}
	l, ok := hostsOf(a.x)
	r, ok2 := hostsOf(b.x)
	if ok && ok2 {
		return selector(anyOf(nameKey, joinNames(',', l, r)))
	}
	return union(a, b)
}

// hostsOf is the names that a selector lists.
func hostsOf(x selectors.Expr) ([]string, bool) {
	if one, ok := x.(selectors.Compare); ok {
		return []string{one.Value.Text}, one.Key == nameKey && one.Op == selectors.Equal
	}
	in, ok := x.(selectors.In)
	var names []string
	for _, v := range in.Values {
		names = append(names, v.Text)
	}
	return names, ok && in.Key == nameKey && !in.Negated
}
