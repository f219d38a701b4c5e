package inventory

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// graph is an inventory while it is read.
type graph struct {
	hosts  []string
	vars   map[string]map[string]value // by host
	groups []*group
	byName map[string]*group
	visits int // of groups and hosts in a file, where aliases can name one again and again
}

type group struct {
	name     string
	hosts    []string
	has      map[string]bool // the same hosts
	children []*group
	parents  []*group
	vars     map[string]value
	priority int
	depth    int
}

func newGraph() *graph {
	g := &graph{vars: map[string]map[string]value{}, byName: map[string]*group{}}
	g.adopt(g.group("all"), g.group("ungrouped"))
	return g
}

// group finds a group, or adds it.
func (g *graph) group(name string) *group {
	if found, ok := g.byName[name]; ok {
		return found
	}
	made := &group{name: name, has: map[string]bool{}, vars: map[string]value{}, priority: 1}
	g.groups = append(g.groups, made)
	g.byName[name] = made
	return made
}

// host puts a host into a group, and adds it if it is new.
func (g *graph) host(name string, in *group) {
	if _, ok := g.vars[name]; !ok {
		g.vars[name] = map[string]value{}
		g.hosts = append(g.hosts, name)
	}
	if !in.has[name] {
		in.has[name] = true
		in.hosts = append(in.hosts, name)
	}
}

// setHost gives a host a variable; where a group has that name too, Ansible gives it to the group.
func (g *graph) setHost(name, key string, val value) error {
	if same, ok := g.byName[name]; ok {
		return same.set(key, val)
	}
	g.vars[name][key] = val
	return nil
}

// mostVisits is how many groups and hosts a file may name.
const mostVisits = 10_000_000

// visit counts what a file names.
func (g *graph) visit(n int) error {
	if g.visits += n; g.visits > mostVisits {
		return fmt.Errorf("more than %d groups and hosts", mostVisits)
	}
	return nil
}

// adopt makes one group part of another; false if that would go round in a circle.
func (g *graph) adopt(parent, child *group) bool {
	if slices.Contains(parent.children, child) {
		return true
	}
	if parent == child || slices.Contains(parent.ancestors(), child) {
		return false
	}
	parent.children = append(parent.children, child)
	child.parents = append(child.parents, parent)
	return true
}

func (g *group) ancestors() []*group {
	var out []*group
	for next := slices.Clone(g.parents); len(next) > 0; next = next[1:] {
		if !slices.Contains(out, next[0]) {
			out = append(out, next[0])
			next = append(next, next[0].parents...)
		}
	}
	return out
}

// settle makes all the top of all groups, and has in ungrouped who is in no other group.
func (g *graph) settle() error {
	all, ungrouped := g.byName["all"], g.byName["ungrouped"]
	for _, one := range g.groups {
		if one != all && len(one.parents) == 0 {
			g.adopt(all, one)
		}
	}
	grouped := map[string]bool{}
	for _, one := range g.groups {
		if one != all && one != ungrouped {
			for _, h := range one.hosts {
				grouped[h] = true
			}
		}
	}
	ungrouped.hosts = slices.DeleteFunc(ungrouped.hosts, func(h string) bool { return grouped[h] })
	for _, h := range g.hosts {
		if !grouped[h] {
			g.host(h, ungrouped)
		}
	}
	all.deepen(0)
	if len(g.hosts) == 0 {
		return errors.New("no host in it")
	}
	return nil
}

// deepen sets the depth of a group to that of the longest way to it.
func (g *group) deepen(depth int) {
	if depth > 0 && depth <= g.depth {
		return
	}
	g.depth = depth
	for _, c := range g.children {
		c.deepen(depth + 1)
	}
}

// members is the hosts of a group and those of the groups in it, level by level. Ansible keeps
// no order among the parents of one level: where two of them bring hosts there is none.
func (g *group) members() (hosts []string, ordered bool) {
	ordered = true
	seen := map[string]bool{}
	take := func(list []string) {
		for _, h := range list {
			if !seen[h] {
				seen[h] = true
				hosts = append(hosts, h)
			}
		}
	}
	take(g.hosts)
	visited := map[*group]bool{g: true}
	for level := []*group{g}; len(level) > 0; {
		var next []*group
		var found [][]string
		givers := 0
		for _, parent := range level {
			gives := false
			for _, c := range parent.children {
				if !visited[c] {
					visited[c] = true
					next = append(next, c)
				}
				found = append(found, c.hosts)
				gives = gives || slices.ContainsFunc(c.hosts, func(h string) bool { return !seen[h] })
			}
			if gives {
				givers++
			}
		}
		for _, list := range found {
			take(list)
		}
		ordered = ordered && givers < 2
		level = next
	}
	return hosts, ordered
}

// inventory is the graph as it is asked: groups with all their hosts, hosts with their labels.
func (g *graph) inventory() (*Inventory, error) {
	if err := g.settle(); err != nil {
		return nil, err
	}
	v := &Inventory{}
	of := map[string][]*group{}
	for _, one := range g.groups {
		hosts, ordered := one.members()
		v.Groups = append(v.Groups, Group{Name: one.name, Hosts: hosts, Ordered: ordered})
		for _, h := range hosts {
			of[h] = append(of[h], one)
		}
	}
	left := map[string]bool{}
	for _, name := range g.hosts {
		groups := of[name]
		slices.SortFunc(groups, func(a, b *group) int {
			return cmp.Or(cmp.Compare(a.depth, b.depth), cmp.Compare(a.priority, b.priority), strings.Compare(a.name, b.name))
		})
		vars := map[string]value{}
		labels := map[string]string{}
		for _, one := range groups {
			maps.Copy(vars, one.vars)
			if one.name != "all" {
				labels[LabelOf(one.name)] = "true"
			}
		}
		maps.Copy(vars, g.vars[name])
		for key, val := range vars {
			switch _, taken := labels[key]; {
			case strings.HasPrefix(key, "ansible_"):
			case val.why != "":
				left[fmt.Sprintf("%s: %s", key, val.why)] = true
			case taken:
				left[key+": is the label of a group"] = true
			default:
				labels[key] = val.text
			}
		}
		v.Hosts = append(v.Hosts, Host{Name: name, Labels: labels})
	}
	v.Left = slices.Sorted(maps.Keys(left))
	return v, nil
}
