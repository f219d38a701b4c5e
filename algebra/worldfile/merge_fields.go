package worldfile

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/selectors"
)

// fields merges what is in a document that both sides changed.
type fields struct {
	document           string
	base, ours, theirs *versioned
	out                *file // knows the nodes of all three
	conflicts          []Conflict
}

// united is a file that knows how to print the nodes of several.
func united(files ...*file) *file {
	out := &file{order: map[*yaml.Node][]string{}, exprs: map[*yaml.Node]selectors.Expr{}}
	for _, f := range files {
		maps.Copy(out.order, f.order)
		maps.Copy(out.exprs, f.exprs)
	}
	return out
}

// node merges the values at a path; nil is none.
func (f *fields) node(path []string, b, o, t *yaml.Node) *yaml.Node {
	switch {
	case f.same(o, t), f.same(b, t):
		return o
	case f.same(b, o):
		return t
	case all(yaml.MappingNode, b, o, t):
		return f.mapping(path, b, o, t)
	case all(yaml.SequenceNode, b, o, t):
		if merged, ok := f.sequence(path, b, o, t); ok {
			return merged
		}
	}
	f.conflicts = append(f.conflicts, Conflict{f.document, strings.Join(path, "."), f.base.at(path, b), f.ours.at(path, o), f.theirs.at(path, t)})
	return o
}

func (f *fields) same(x, y *yaml.Node) bool {
	if x == nil || y == nil {
		return x == y
	}
	return f.out.meaning(x) == f.out.meaning(y)
}

func all(kind yaml.Kind, nodes ...*yaml.Node) bool {
	return !slices.ContainsFunc(nodes, func(n *yaml.Node) bool { return n == nil || n.Kind != kind })
}

// mapping merges key by key, in the order of ours. The comments of a key come with it.
func (f *fields) mapping(path []string, b, o, t *yaml.Node) *yaml.Node {
	have := func(n *yaml.Node) map[string]pair {
		out := map[string]pair{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			out[n.Content[i].Value] = pair{n.Content[i], n.Content[i+1]}
		}
		return out
	}
	was, mine, yours := have(b), have(o), have(t)
	merged := f.like(o)
	for _, n := range []*yaml.Node{o, t, b} {
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i].Value
			_, inOurs := mine[k]
			_, inTheirs := yours[k]
			if n == t && inOurs || n == b && (inOurs || inTheirs) {
				continue // it had its turn
			}
			value := f.node(append(slices.Clone(path), k), was[k].value, mine[k].value, yours[k].value)
			if value == nil {
				continue
			}
			key := mine[k].key
			if key == nil || value == yours[k].value {
				key = yours[k].key
			}
			merged.Content = append(merged.Content, key, value)
		}
	}
	return merged
}

// like is an empty collection in the place of another.
func (f *fields) like(n *yaml.Node) *yaml.Node {
	out := *n
	out.Content = nil
	if order, fixed := f.out.order[n]; fixed {
		f.out.order[&out] = order
	}
	return &out
}

// identities say by what the items of a list are known: those that are mappings by fields, the
// scalars of a set by themselves. The order of any other list has a meaning, as that of a command.
var identities = map[string][]string{
	"containers": {"name"},
	"ports":      {"host", "protocol"},
	"mounts":     {"container"},
	"deploy":     nil,
	"requires":   nil,
	"frozen":     nil,
}

// identity is by what an item of the list is known.
func identity(list string, item *yaml.Node) (string, bool) {
	by, known := identities[list]
	switch {
	case !known:
		return "", false
	case by == nil && item.Kind == yaml.ScalarNode:
		if list == "deploy" { // one version of an app
			app, _, _ := strings.Cut(item.Value, "@")
			return app, true
		}
		return item.Value, true
	case by == nil || item.Kind != yaml.MappingNode:
		return "", false
	}
	var id []string
	for _, field := range by {
		for i := 0; i+1 < len(item.Content); i += 2 {
			if item.Content[i].Value == field {
				id = append(id, item.Content[i+1].Value)
			}
		}
	}
	return strings.Join(id, "/"), len(id) > 0
}

// sequence merges item by item, if items can be told apart: those of ours in their order, then
// what theirs has besides.
func (f *fields) sequence(path []string, b, o, t *yaml.Node) (*yaml.Node, bool) {
	list := path[len(path)-1]
	var items [3]map[string]*yaml.Node
	var order []string
	for i, n := range []*yaml.Node{o, t, b} {
		var ok bool
		if items[i], ok = itemsOf(list, n); !ok {
			return nil, false
		}
		for _, item := range n.Content {
			if id, _ := identity(list, item); !slices.Contains(order, id) {
				order = append(order, id)
			}
		}
	}
	merged := f.like(o)
	for _, id := range order {
		here := append(slices.Clone(path[:len(path)-1]), list+"["+id+"]")
		if item := f.node(here, items[2][id], items[0][id], items[1][id]); item != nil {
			merged.Content = append(merged.Content, item)
		}
	}
	return merged, true
}
