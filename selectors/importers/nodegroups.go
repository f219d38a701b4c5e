package importers

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/selectors"
)

// Groups are ClusterShell's node groups as a file has them. Only ReadGroups makes them.
type Groups struct {
	sources map[string]map[string]string // source, group, nodes
}

// ReadGroups reads a file of groups: YAML with a mapping of groups for each source, or with
// one such mapping alone; or lines of the form group: nodes.
func ReadGroups(content []byte) (*Groups, error) {
	g := &Groups{sources: map[string]map[string]string{}}
	var sources map[string]map[string]nodesText
	var flat map[string]nodesText
	switch {
	case yaml.Unmarshal(content, &sources) == nil && len(sources) > 0:
		for source, groups := range sources {
			g.sources[source] = map[string]string{}
			for name, nodes := range groups {
				g.sources[source][name] = string(nodes)
			}
		}
		return g, nil
	case yaml.Unmarshal(content, &flat) == nil:
		g.sources[""] = map[string]string{}
		for name, nodes := range flat {
			g.sources[""][name] = string(nodes)
		}
	default:
		g.sources[""] = map[string]string{}
		for i, line := range strings.Split(string(content), "\n") {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			name, nodes, ok := strings.Cut(line, ":")
			if !ok || strings.Trim(name, alphanumeric+"-_") != "" {
				return nil, fmt.Errorf("line %d: no group; write name: nodes, or YAML", i+1)
			}
			g.sources[""][name] = strings.TrimSpace(nodes)
		}
	}
	if len(g.sources[""]) == 0 {
		return nil, fmt.Errorf("no group in it; write name: nodes, or YAML with a mapping of groups for each source")
	}
	return g, nil
}

// nodesText is a nodeset as YAML has it: a text, a number or a list of them.
type nodesText string

// UnmarshalYAML reads a scalar or a list of scalars.
func (t *nodesText) UnmarshalYAML(n *yaml.Node) error {
	switch n.Kind {
	case yaml.ScalarNode:
		*t = nodesText(n.Value)
		if n.Tag == "!!null" {
			*t = ""
		}
		return nil
	case yaml.SequenceNode:
		var list []nodesText
		if err := n.Decode(&list); err != nil {
			return err
		}
		parts := make([]string, len(list))
		for i, p := range list {
			parts[i] = string(p)
		}
		*t = nodesText(strings.Join(parts, ","))
		return nil
	}
	return fmt.Errorf("line %d: a nodeset is a text", n.Line)
}

// mostGroups is how many groups are looked up for one nodeset, each time they are named.
const mostGroups = 10_000

// of is the groups of a source. The standard one is that called local, or the only one.
func (g *Groups) of(source string) (groups map[string]string, full, why string) {
	if source == "" {
		if groups, ok := g.sources["local"]; ok {
			return groups, "local", ""
		}
		if len(g.sources) == 1 {
			for name, groups := range g.sources {
				return groups, name, ""
			}
		}
		return nil, "", "the file has several sources, none of them called local"
	}
	if groups, ok := g.sources[source]; ok {
		return groups, source, ""
	}
	return nil, "", fmt.Sprintf("the file has no source %q", source)
}

// members is the nodes of a group.
func (r *nodesets) members(at selectors.Span, name, source string) (term, error) {
	groups, full, why := r.groups.of(source)
	if why != "" {
		return term{}, refuse(at.Start, at.End, why, "write @source:group; known: "+strings.Join(slices.Sorted(maps.Keys(r.groups.sources)), ", "))
	}
	nodes, ok := groups[name]
	if !ok {
		known := slices.Sorted(maps.Keys(groups))
		hint := "known: " + strings.Join(known[:min(len(known), 8)], ", ")
		if near, ok := selectors.Nearest(name, known); ok {
			hint = "did you mean @" + near + "?"
		}
		return term{}, refuse(at.Start, at.End, "unknown group @"+name, hint)
	}
	path := full + ":" + name
	if r.reads++; r.reads > mostGroups {
		return term{}, refuse(at.Start, at.End, fmt.Sprintf("groups that name groups more than %d times", mostGroups), "")
	}
	if slices.Contains(r.within, path) || len(r.within) > 50 {
		return term{}, refuse(at.Start, at.End, "the group @"+path+" contains itself", "")
	}
	r.within = append(r.within, path)
	defer func() { r.within = r.within[:len(r.within)-1] }()
	t, err := r.read(nodes, source)
	if err != nil {
		return term{}, refuse(at.Start, at.End, fmt.Sprintf("the group @%s, which is %s: %v", path, nodes, err), "")
	}
	return t, nil
}

// all is the nodes of a source: those of its group all, or of all its groups.
func (r *nodesets) all(at selectors.Span, source string) (term, error) {
	groups, _, why := r.groups.of(source)
	if why != "" {
		return term{}, refuse(at.Start, at.End, why, "write @source:*")
	}
	if _, ok := groups["all"]; ok {
		return r.members(at, "all", source)
	}
	out := fleet(selectors.Nodes{})
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		if strings.ContainsAny(groups[name], "!&^") {
			return term{}, refuse(at.Start, at.End, "ClusterShell reads the groups of a source as one nodeset, in which the operators of @"+name+" apply to groups before it",
				"add a group called all to the file")
		}
		t, err := r.members(at, name, source)
		if err != nil {
			return term{}, err
		}
		r.within = append(r.within, "") // what is joined here is nodes, inside a group
		out = r.apply(',', out, t)
		r.within = r.within[:len(r.within)-1]
	}
	return out, nil
}
