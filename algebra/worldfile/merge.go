package worldfile

import (
	"cmp"
	"io/fs"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
)

// Merged is what a merge of Worlds came to.
type Merged struct {
	// Files are the files of the merged World, by path. Where there are conflicts a document
	// that has one stands as ours and theirs between the markers that git uses.
	Files map[string]string
	// Conflicts is what both sides changed in different ways, by document and field.
	Conflicts []Conflict
}

// Conflict is a document, or a field of one, that both sides changed in different ways.
type Conflict struct {
	Document string `json:"document"` // Assignment web
	Field    string `json:"field"`    // spec.priority; empty for the document as a whole
	Base     Side   `json:"base"`
	Ours     Side   `json:"ours"`
	Theirs   Side   `json:"theirs"`
}

// Side is what one World says there. Without a Source it says nothing.
type Side struct {
	Text   string         `json:"text"` // of a field
	Source algebra.Source `json:"source"`
}

// Merge joins what ours and theirs made of base. It works on documents by kind and name,
// wherever they stand, and in them on fields, containers by name, deployments by app: so lines
// that moved are no change, and two changes meet only where both are about the same thing. A
// document that only one side changed keeps its bytes, and one that both changed its comments.
//
// Laws: Merge(x, x, x) and Merge(b, x, b) are x; Merge(b, o, t) and Merge(b, t, o) mean the same
// and have the same conflicts but for the sides; what one side alone changed is in the result.
//
// The error is what is wrong in a file by itself; names are not looked up, so the caller
// loads the result. It may fail to load where one side uses what the other took away.
func Merge(base, ours, theirs fs.FS) (Merged, diag.List) {
	var files [3]map[string]string
	for i, fsys := range []fs.FS{base, ours, theirs} {
		var err error
		if files[i], err = Texts(fsys); err != nil {
			return Merged{}, diag.List{{Severity: diag.Error, Message: err.Error()}}
		}
	}
	return MergeFiles(files[0], files[1], files[2])
}

// MergeFiles is Merge for files that are at hand, by path: whole Worlds, or one file of each.
func MergeFiles(base, ours, theirs map[string]string) (Merged, diag.List) {
	var sides [3]side
	var errs diag.List
	for i, files := range []map[string]string{base, ours, theirs} {
		var wrong diag.List
		sides[i], wrong = readSide(files)
		errs = append(errs, wrong...)
	}
	if len(errs) > 0 {
		return Merged{}, errs
	}
	m := &merging{base: sides[0], ours: sides[1], theirs: sides[2]}
	for _, key := range m.keys() {
		m.document(key)
	}
	return Merged{m.files(), m.conflicts}, nil
}

// merging is one merge under way.
type merging struct {
	base, ours, theirs side
	kept               []placed
	conflicts          []Conflict
}

// placed is a document of the result.
type placed struct {
	key, path, text string
}

// keys are the documents in the order of ours, then those that only theirs has, then those
// that both took away.
func (m *merging) keys() []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range []side{m.ours, m.theirs, m.base} {
		for _, d := range s.docs {
			if !seen[d.key] {
				seen[d.key] = true
				out = append(out, d.key)
			}
		}
	}
	return out
}

// document decides one document.
func (m *merging) document(key string) {
	b, o, t := m.base.byKey[key], m.ours.byKey[key], m.theirs.byKey[key]
	switch {
	case b.same(o) && b.same(t) || o.same(t): // only words about it changed, if anything
		m.keep(o, o, b, t, wording(b, o, t))
	case b.same(t) && b.raw() == t.raw():
		m.keep(o, o, b, t, o.raw())
	case b.same(o) && b.raw() == o.raw():
		m.keep(t, o, b, t, t.raw())
	case o == nil && b.same(t), t == nil && b.same(o): // taken away; only words were changed
	case b == nil || o == nil || t == nil:
		m.conflicts = append(m.conflicts, Conflict{cmp.Or(o, t, b).subject(), "", b.whole(), o.whole(), t.whole()})
		m.keep(cmp.Or(o, t), o, b, t, marked(o.raw(), t.raw()))
	default:
		f := &fields{document: o.subject(), base: b, ours: o, theirs: t, out: united(b.file, o.file, t.file)}
		body := f.mapping(nil, b.body(), o.body(), t.body())
		if len(f.conflicts) > 0 {
			m.conflicts = append(m.conflicts, f.conflicts...)
			m.keep(o, o, b, t, marked(o.raw(), t.raw()))
			return
		}
		root := *o.root
		root.Content = []*yaml.Node{body}
		m.keep(o, o, b, t, f.out.document(&root))
	}
}

// keep places a document where ours has it, or where theirs moved it to. A nil one is gone.
func (m *merging) keep(d, o, b, t *versioned, text string) {
	if d == nil {
		return
	}
	path := d.path()
	if o != nil && b != nil && t != nil && o.path() == b.path() {
		path = t.path()
	}
	m.kept = append(m.kept, placed{d.key, path, text})
}

// wording is the text of a document that means the same on both sides: that of the side that
// changed it, ours if both did.
func wording(b, o, t *versioned) string {
	if b != nil && o != nil && t != nil && o.text == b.text {
		return t.text
	}
	return o.raw()
}

// files puts the documents together.
func (m *merging) files() map[string]string {
	byPath := map[string][]string{}
	for _, d := range m.kept {
		byPath[d.path] = append(byPath[d.path], d.text)
	}
	out := map[string]string{}
	for path, texts := range byPath {
		for _, s := range []side{m.ours, m.theirs} { // unchanged: to the byte
			if slices.Equal(s.texts[path], texts) {
				out[path] = s.files[path]
				break
			}
		}
		if _, whole := out[path]; !whole {
			out[path] = joined(texts, m.ours.files[path])
		}
	}
	return out
}
