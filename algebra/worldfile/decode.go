package worldfile

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/selectors"
)

// object is a mapping with known fields.
type object struct {
	file   *file
	node   *yaml.Node
	what   string // as errors call it, such as container
	fields map[string]*yaml.Node
	// garbled are the fields that an unknown one was likely meant to be; without a name,
	// any. That these are missing is no news.
	garbled map[string]bool
}

// entry is a key of a mapping and its value.
type entry struct {
	name       string
	key, value *yaml.Node
}

// entries reads a mapping whose keys are free texts, each once.
func (f *file) entries(n *yaml.Node, what string) ([]entry, bool) {
	if n.Kind != yaml.MappingNode {
		f.at(n).fail("", "%s: want a mapping, have %s", what, kindOf(n))
		return nil, false
	}
	var out []entry
	seen := map[string]*yaml.Node{}
	whole := true
	for i := 0; i+1 < len(n.Content); i += 2 {
		e := entry{n.Content[i].Value, n.Content[i], n.Content[i+1]}
		switch first := seen[e.name]; {
		case e.key.Kind != yaml.ScalarNode || e.key.Tag == "!!null" || e.key.Tag == "!!merge":
			f.at(e.key).fail("", "%s: a key must be a text", what)
			whole = false
		case first != nil:
			f.at(e.key).fail("keep one of the two", "%s: %s is given twice, first at %s", what, e.name, f.where(first))
			whole = false
		default:
			seen[e.name] = e.key
			out = append(out, e)
		}
	}
	return out, whole
}

// object reads a mapping with these fields and no others; their order is the canonical one.
func (f *file) object(n *yaml.Node, what string, known ...string) (object, bool) {
	entries, ok := f.entries(n, what)
	if !ok && n.Kind != yaml.MappingNode {
		return object{}, false
	}
	f.order[n] = known
	o := object{f, n, what, map[string]*yaml.Node{}, map[string]bool{"": !ok}}
	for _, e := range entries {
		if slices.Contains(known, e.name) {
			o.fields[e.name] = e.value
			continue
		}
		near, _ := nearest(e.name, known)
		o.garbled[near] = true
		f.at(e.key).fail(suggest(e.name, known), "%s: unknown field %s", what, e.name)
	}
	return o, true
}

// nearest is the known word that was likely meant.
func nearest(word string, known []string) (string, bool) {
	for _, k := range known {
		if strings.EqualFold(k, word) {
			return k, true
		}
	}
	return selectors.Nearest(word, known)
}

// suggest offers the nearest of the known words, or lists them.
func suggest(word string, known []string) string {
	if near, ok := nearest(word, known); ok {
		return "did you mean " + near + "?"
	}
	return choices(known)
}

// choices lists what can be written, if that helps at all.
func choices(known []string) string {
	if len(known) == 0 || len(known) > 20 {
		return ""
	}
	return "known: " + strings.Join(known, ", ")
}

// get is the value of a field, if it is given.
func (o object) get(name string) (*yaml.Node, bool) {
	n, ok := o.fields[name]
	return n, ok
}

// need is the value of a field, whose absence is an error.
func (o object) need(name string) (*yaml.Node, bool) {
	n, ok := o.fields[name]
	if !ok && !o.garbled[name] && !o.garbled[""] {
		o.file.at(o.node).fail("add "+name+": …", "%s: %s is missing", o.what, name)
	}
	return n, ok
}

// exactlyOne is the one of two fields that is given.
func (o object) exactlyOne(a, b string) (name string, n *yaml.Node, ok bool) {
	first, hasA := o.fields[a]
	second, hasB := o.fields[b]
	switch {
	case hasA && hasB:
		o.file.at(second).fail("keep one of the two", "%s: %s and %s exclude each other", o.what, a, b)
	case hasA:
		return a, first, true
	case hasB:
		return b, second, true
	case !o.garbled[a] && !o.garbled[b] && !o.garbled[""]:
		o.file.at(o.node).fail("", "%s: one of %s and %s is missing", o.what, a, b)
	}
	return "", nil, false
}

// items reads a list.
func (f *file) items(n *yaml.Node, what string) ([]*yaml.Node, bool) {
	if n.Kind != yaml.SequenceNode {
		hint := ""
		if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
			hint = "write [" + f.written(n) + "]"
		}
		f.at(n).fail(hint, "%s: want a list, have %s", what, kindOf(n))
		return nil, false
	}
	return n.Content, true
}

// written is a scalar as it stands in the file.
func (f *file) written(n *yaml.Node) string {
	at := f.at(n)
	return f.text[at.start:at.end]
}

func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	}
	return "a text"
}
