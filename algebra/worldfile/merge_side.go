package worldfile

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
)

// side is one of the three Worlds of a merge, as documents.
type side struct {
	docs  []*versioned
	byKey map[string]*versioned
	files map[string]string   // texts by path
	texts map[string][]string // those of the documents in each
}

// versioned is a document as one side has it. The nil one is not there.
type versioned struct {
	document
	key   string
	root  *yaml.Node
	above int // lines of its file
	// text is the document as written, meaning what it says without words, order and defaults
	// of style.
	text, meaning string
}

// readSide reads the documents of a World, or of some files of one.
func readSide(files map[string]string) (side, diag.List) {
	s := side{byKey: map[string]*versioned{}, files: map[string]string{}, texts: map[string][]string{}}
	l := newLoader()
	for _, p := range keys(files) {
		f := newFile(p, files[p], &l.errs)
		l.read(f)
		s.files[p] = f.text
	}
	if len(l.errs) > 0 {
		return s, l.errs.Sorted()
	}
	for _, p := range keys(files) {
		s.add(p)
	}
	return s, nil
}

// add takes the documents of a file that is free of errors. Each is read by itself, so that
// YAML hangs no comment of one on another.
func (s *side) add(path string) {
	for _, part := range cutDocuments(s.files[path]) {
		f, errs := own(part.text)
		if len(errs) > 0 {
			panic("worldfile: a document is read in its file and not by itself: " + errs[0].Message)
		}
		for _, root := range f.roots {
			f.name = path
			d, _ := f.header(root)
			v := &versioned{document: d, key: d.kind + " " + d.name, root: root, text: part.text, meaning: f.meaning(d.root),
				above: strings.Count(s.files[path][:part.start], "\n")}
			if d.kind == "World" {
				v.key = d.kind // there is one, whatever it is called
			}
			s.docs = append(s.docs, v)
			s.byKey[v.key] = v
			s.texts[path] = append(s.texts[path], v.text)
		}
	}
}

// stretch is a part of a file between two lines of ---.
type stretch struct {
	start int
	text  string
}

var separator = regexp.MustCompile(`(?m)^---[ \t]*\r?$\n?`)

// cutDocuments cuts a file at its lines of ---. What holds comments alone goes with the
// document after it.
func cutDocuments(text string) []stretch {
	var out []stretch
	from := 0
	for _, at := range append(separator.FindAllStringIndex(text, -1), []int{len(text), len(text)}) {
		part := text[from:at[0]]
		if n := len(out); n > 0 && onlyComments(out[n-1].text) {
			out[n-1].text += part
		} else {
			out = append(out, stretch{from, part})
		}
		from = at[1]
	}
	if n := len(out); n > 1 && onlyComments(out[n-1].text) {
		out[n-2].text += out[n-1].text
		out = out[:n-1]
	}
	return out
}

func onlyComments(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return false
		}
	}
	return true
}

// joined is a file of these documents; like is the file they were in.
func joined(texts []string, like string) string {
	var b strings.Builder
	if separator.MatchString(strings.SplitAfterN(like, "\n", 2)[0]) {
		b.WriteString("---\n")
	}
	for i, t := range texts {
		if i > 0 {
			b.WriteString("---\n")
		}
		b.WriteString(strings.TrimRight(t, "\r\n \t") + "\n")
	}
	return b.String()
}

// marked is both versions between git's markers; an empty one was taken away.
func marked(ours, theirs string) string {
	end := func(s string) string {
		if s = strings.TrimRight(s, "\n"); s != "" {
			s += "\n"
		}
		return s
	}
	return "<<<<<<< ours\n" + end(ours) + "=======\n" + end(theirs) + ">>>>>>> theirs\n"
}

func (v *versioned) same(o *versioned) bool {
	if v == nil || o == nil {
		return v == o
	}
	return v.meaning == o.meaning
}

func (v *versioned) path() string { return v.file.name }

func (v *versioned) raw() string {
	if v == nil {
		return ""
	}
	return v.text
}

func (v *versioned) body() *yaml.Node { return v.root.Content[0] }

// whole is the document as one side of a conflict.
func (v *versioned) whole() Side {
	if v == nil {
		return Side{}
	}
	return Side{"", v.source(v.document.root)}
}

// meaning is what a node says, as a text that equal ones share.
func (f *file) meaning(n *yaml.Node) string {
	switch n.Kind {
	case yaml.ScalarNode:
		if x, ok := f.exprs[n]; ok {
			return strconv.Quote(selectors.Print(x))
		}
		return strconv.Quote(n.Value)
	case yaml.SequenceNode:
		var items []string
		for _, item := range n.Content {
			items = append(items, f.meaning(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case yaml.MappingNode:
		pairs := map[string]string{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			pairs[n.Content[i].Value] = f.meaning(n.Content[i+1])
		}
		var items []string
		for _, k := range keys(pairs) {
			items = append(items, strconv.Quote(k)+": "+pairs[k])
		}
		return "{" + strings.Join(items, ", ") + "}"
	case yaml.DocumentNode, yaml.AliasNode:
	}
	panic(fmt.Sprintf("worldfile: a node of kind %d in a document", n.Kind))
}

// at is what a node at a path says, and where. What is in an environment may be a secret and
// shows as its digest, as in a plan.
func (v *versioned) at(path []string, n *yaml.Node) Side {
	if n == nil {
		return Side{}
	}
	text := v.file.meaning(n)
	if slices.Contains(path, "env") || strings.Contains(text, `"env": `) {
		return Side{"sha256:" + algebra.DigestOf([]byte(text)).Short(), v.source(n)}
	}
	if n.Kind == yaml.ScalarNode {
		text, _ = strconv.Unquote(text)
	}
	return Side{text, v.source(n)}
}

func (v *versioned) source(n *yaml.Node) algebra.Source {
	return algebra.Source{File: v.file.name, Line: v.above + v.file.line(v.file.start(n))}
}
