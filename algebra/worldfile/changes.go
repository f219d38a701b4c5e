package worldfile

import (
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/internal/diag"
)

// Changed is a document that two Worlds do not have alike. In an added or removed one a side
// has no Source.
type Changed struct {
	Document string  `json:"document"`
	Before   Side    `json:"before"`
	After    Side    `json:"after"`
	Fields   []Field `json:"fields"` // what differs in it, where both have it
}

// Field is a field that differs.
type Field struct {
	Path   string `json:"path"`
	Before Side   `json:"before"`
	After  Side   `json:"after"`
}

// Changes are the documents in which two Worlds differ in meaning, in the order of kinds and
// names. Neither order, layout nor comments are a difference.
//
// Law: there is none iff the digests of the Worlds are equal, but for documents that say in
// other words what a default is.
func Changes(before, after fs.FS) ([]Changed, diag.List) {
	var sides [2]side
	for i, fsys := range []fs.FS{before, after} {
		files, err := Texts(fsys)
		if err != nil {
			return nil, diag.List{{Severity: diag.Error, Message: err.Error()}}
		}
		var errs diag.List
		if sides[i], errs = readSide(files); len(errs) > 0 {
			return nil, errs
		}
	}
	names := map[string]bool{}
	for _, s := range sides {
		for key := range s.byKey {
			names[key] = true
		}
	}
	var out []Changed
	for _, key := range keys(names) {
		x, y := sides[0].byKey[key], sides[1].byKey[key]
		switch {
		case x.same(y):
		case x == nil:
			out = append(out, Changed{y.subject(), Side{}, y.whole(), []Field{}})
		case y == nil:
			out = append(out, Changed{x.subject(), x.whole(), Side{}, []Field{}})
		default:
			d := differing{x, y, []Field{}}
			d.node(nil, x.body(), y.body())
			out = append(out, Changed{y.subject(), x.whole(), y.whole(), d.fields})
		}
	}
	return out, nil
}

// differing gathers the fields in which two versions of a document differ.
type differing struct {
	x, y   *versioned
	fields []Field
}

func (d *differing) node(path []string, x, y *yaml.Node) {
	switch {
	case x != nil && y != nil && d.x.file.meaning(x) == d.y.file.meaning(y):
		return
	case all(yaml.MappingNode, x, y):
		mine, yours := valuesOf(x), valuesOf(y)
		for _, k := range union(keys(mine), keys(yours)) {
			d.node(append(slices.Clone(path), k), mine[k], yours[k])
		}
		return
	case all(yaml.SequenceNode, x, y):
		list := path[len(path)-1]
		mine, ok := itemsOf(list, x)
		yours, also := itemsOf(list, y)
		if !ok || !also {
			break
		}
		for _, id := range union(keys(mine), keys(yours)) {
			d.node(append(slices.Clone(path[:len(path)-1]), list+"["+id+"]"), mine[id], yours[id])
		}
		return
	}
	d.fields = append(d.fields, Field{strings.Join(path, "."), d.x.at(path, x), d.y.at(path, y)})
}

func union(x, y []string) []string {
	all := slices.Concat(x, y)
	slices.Sort(all)
	return slices.Compact(all)
}

func valuesOf(n *yaml.Node) map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		out[n.Content[i].Value] = n.Content[i+1]
	}
	return out
}

// itemsOf are the items of a list by what they are known by, if they can be told apart.
func itemsOf(list string, n *yaml.Node) (map[string]*yaml.Node, bool) {
	out := map[string]*yaml.Node{}
	for _, item := range n.Content {
		id, ok := identity(list, item)
		if _, twice := out[id]; !ok || twice {
			return nil, false
		}
		out[id] = item
	}
	return out, true
}
