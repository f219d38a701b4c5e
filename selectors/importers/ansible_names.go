package importers

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/importers/inventory"
)

// pattern is what one pattern stands for. Of a pattern without sign a host of that very name
// comes before a group.
func (o AnsibleOptions) pattern(p token, signed bool) (term, error) {
	if signed {
		p.text, p.start = p.text[1:], p.start+1
	}
	if o.Inventory == nil {
		return unlisted(p)
	}
	if !signed && o.Inventory.Host(p.text) {
		return o.hosts([]string{p.text}), nil
	}
	name, sub := p, (*subscript)(nil)
	if p.text[0] != '~' {
		name.text, sub = cutSubscript(p.text)
	}
	found, err := o.find(name)
	if err != nil {
		return term{}, err
	}
	if sub != nil {
		return o.pick(p, found, sub)
	}
	return o.term(found), nil
}

// found is what a pattern fits in an inventory.
type found struct {
	groups []inventory.Group
	hosts  []string
	by     selectors.Expr // the hosts as a pattern for the name; nil where the name is plain
}

// find looks a pattern up among the groups, and among the hosts if it fits no group or could
// fit both.
func (o AnsibleOptions) find(p token) (found, error) {
	fits, by, why := ansibleMatcher(p.text)
	if why != "" {
		return found{}, refuse(p.start, p.end, why, "")
	}
	var f found
	for _, g := range o.Inventory.Groups {
		if fits(g.Name) {
			f.groups = append(f.groups, g)
		}
	}
	if len(f.groups) == 0 || p.text[0] == '~' || strings.ContainsAny(p.text, ".?*[") {
		for _, h := range o.Inventory.Hosts {
			if fits(h.Name) {
				f.hosts = append(f.hosts, h.Name)
			}
		}
		f.by = by
	}
	if len(f.groups)+len(f.hosts) > 0 || o.Unknown && p.text != "localhost" && p.text != "127.0.0.1" && p.text != "::1" {
		return f, nil
	}
	if slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, p.text) {
		return f, refuse(p.start, p.end, p.text+" is the machine that Ansible runs on, and no device", "")
	}
	var known []string
	for _, g := range o.Inventory.Groups {
		known = append(known, g.Name)
	}
	for _, h := range o.Inventory.Hosts {
		known = append(known, h.Name)
	}
	hint := "Ansible would warn and go on without it"
	if near, ok := selectors.Nearest(p.text, known); ok {
		hint = "did you mean " + near + "?"
	}
	return f, refuse(p.start, p.end, fmt.Sprintf("the inventory has no group and no host %s", p.text), hint)
}

// ansibleMatcher is a pattern as a test of names, and for the name of a device if it is not
// plain.
func ansibleMatcher(p string) (fits func(string) bool, by selectors.Expr, why string) {
	var x selectors.Expr
	if regular, ok := strings.CutPrefix(p, "~"); ok {
		whole, why := pythonMatch(regular, false)
		if why != "" {
			return nil, nil, why
		}
		x = matches(nameKey, whole)
	} else if x, why = shell(nameKey, p); why != "" {
		return nil, nil, why
	} else if !wild(p) {
		return func(name string) bool { return name == p }, nil, ""
	}
	bound, err := selectors.Bind(x, selectors.Scope{})
	if err != nil {
		return nil, nil, err.Error()
	}
	return func(name string) bool { return bound.Matches(named(name)) }, x, ""
}

// term is what was found, in the words that were asked for.
func (o AnsibleOptions) term(f found) term {
	var list []term
	for _, g := range f.groups {
		list = append(list, o.group(g))
	}
	switch {
	case o.Names == AsLabels && f.by != nil:
		list = append(list, selector(f.by))
	case len(f.hosts) > 0:
		list = append(list, o.hosts(f.hosts))
	}
	if len(list) == 0 {
		return o.hosts(nil)
	}
	for _, t := range list {
		if t.everything() {
			return t
		}
	}
	return chain(list, uniteHosts)
}

func (o AnsibleOptions) group(g inventory.Group) term {
	switch {
	case o.Names == AsHosts:
		return o.hosts(g.Hosts)
	case g.Name == "all" && o.Names == AsLabels:
		return selector(selectors.Const{Value: true})
	case g.Name == "all":
		return fleet(selectors.Universe{})
	case o.Names == AsLabels:
		return selector(equal(labelKey(inventory.LabelOf(g.Name)), "true"))
	}
	return fleet(selectors.Name{Name: g.Name})
}

func (o AnsibleOptions) hosts(names []string) term {
	switch {
	case o.Names != AsLabels:
		return fleet(selectors.Nodes{Names: names})
	case len(names) == 0:
		return selector(selectors.Const{})
	}
	return selector(anyOf(nameKey, names))
}

// unlisted is what a pattern stands for where no inventory says it.
func unlisted(p token) (term, error) {
	const give = "give the inventory with --inventory FILE"
	regular, isRegular := strings.CutPrefix(p.text, "~")
	if _, sub := cutSubscript(p.text); sub != nil && !isRegular {
		return term{}, refuse(p.start, p.end, "a subscript counts in the order of an inventory", give)
	}
	switch {
	case p.text == "all", p.text == "*":
		return fleet(selectors.Universe{}), nil
	case slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, p.text):
		return term{}, refuse(p.start, p.end, p.text+" is the machine that Ansible runs on, and no device", "")
	case isRegular || wild(p.text):
		_, by, why := ansibleMatcher(p.text)
		if why != "" {
			return term{}, refuse(p.start, p.end, why, "")
		}
		dotted := strings.ContainsRune(p.text, '.') && !strings.ContainsAny(p.text, "[]")
		if isRegular {
			tree, err := syntax.Parse(regular, syntax.Perl)
			dotted = err == nil && needsDot(tree)
		}
		if !dotted {
			return term{}, refuse(p.start, p.end, p.text+" may fit groups too, and only an inventory says which there are", give)
		}
		return fleet(selector(by).asFleet()), nil
	case strings.ContainsFunc(p.text, notNode):
		return term{}, refuse(p.start, p.end, p.text+" is no name of a device or group here", "names have letters, digits and - . _ only")
	case strings.Contains(p.text, "."):
		return fleet(selectors.Nodes{Names: []string{p.text}}), nil
	}
	if x, err := selectors.Parse("@" + p.text); err == nil {
		return fleet(x), nil
	}
	return term{}, refuse(p.start, p.end, "the group "+p.text+" cannot be a name here, which starts with a letter", give)
}

// needsDot reports whether all that a regular expression matches has a dot in it.
func needsDot(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return slices.Contains(re.Rune, '.')
	case syntax.OpConcat:
		return slices.ContainsFunc(re.Sub, needsDot)
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(r *syntax.Regexp) bool { return !needsDot(r) })
	case syntax.OpCapture, syntax.OpPlus:
		return needsDot(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min > 0 && needsDot(re.Sub[0])
	}
	return false
}
