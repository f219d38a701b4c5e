package worldfile

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/internal/diag"
)

// Format is the canonical form of one file: documents in their order, fields in a fixed
// one, free keys sorted, expressions as selectors.Print writes them, comments kept where
// they belong. A file with errors of its own is not formatted; names of other files are not
// looked up.
//
// Laws: a World means the same (has the same digest) with the formatted file in the place of
// the file; Format(Format(x)) = Format(x).
func Format(src []byte) ([]byte, diag.List) {
	if len(src) > maxFileSize {
		return nil, diag.List{{Severity: diag.Error, Message: "the file is too large"}}
	}
	f, errs := own(string(src))
	if len(errs) > 0 {
		return nil, errs
	}
	if len(f.roots) == 0 {
		return bytes.Clone(src), nil
	}
	comments := f.comments()
	// Where YAML hangs a comment depends on what is around it, so a comment may settle only
	// when the file is written a second time.
	for range 4 {
		out := f.canonical()
		again, errs := own(out)
		if len(errs) > 0 {
			return nil, errs // a value that YAML cannot write; none is known
		}
		if lost := missing(comments, again.comments()); lost != "" {
			f.lost(lost)
			return nil, *f.errs
		}
		if out == f.text {
			return []byte(out), nil
		}
		f = again
	}
	span{f, 0, 0}.fail("move the comments to lines of their own above a field", "fmt: the comments of this file do not come to rest")
	return nil, *f.errs
}

// own reads a file for what is wrong in it alone.
func own(text string) (*file, diag.List) {
	l := newLoader()
	f := newFile("", text, &l.errs)
	l.read(f)
	if len(l.errs) > 0 {
		return nil, l.errs.Sorted()
	}
	return f, nil
}

// comments lists the comments of the file, sorted. Outside of scalars # starts one.
func (f *file) comments() []string {
	text := []byte(f.text)
	var hide func(n *yaml.Node)
	hide = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && n.Value != "" {
			at := f.at(n)
			if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 { // the header may have one
				at.start += bytes.IndexByte(text[at.start:], '\n') + 1
			}
			for i := at.start; i < at.end; i++ {
				text[i] = 'x'
			}
		}
		for _, c := range n.Content {
			hide(c)
		}
	}
	for _, root := range f.roots {
		hide(root)
	}
	var out []string
	for line := range bytes.Lines(text) {
		if i := bytes.IndexByte(line, '#'); i >= 0 {
			out = append(out, string(bytes.TrimSpace(line[i:])))
		}
	}
	slices.Sort(out)
	return out
}

// missing is the first of the sorted comments that is not among the others.
func missing(comments, among []string) string {
	for _, c := range comments {
		i, found := slices.BinarySearch(among, c)
		if !found {
			return c
		}
		among = slices.Delete(among, i, i+1)
	}
	return ""
}

func (f *file) lost(comment string) {
	at := max(strings.Index(f.text, comment), 0)
	span{f, at, at + len(comment)}.fail("move it to a line of its own above a field", "fmt: this comment would be lost")
}
