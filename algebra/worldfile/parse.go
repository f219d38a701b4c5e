package worldfile

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Limits that keep a hostile file from exhausting whoever reads it.
const (
	maxFileSize = 8 << 20
	maxDepth    = 24
)

// parse splits the file into the YAML documents that are not empty. whole is false if it
// had to stop before the end.
func (f *file) parse() (whole bool) {
	for i, r := range f.text {
		if _, size := utf8.DecodeRuneInString(f.text[i:]); r == utf8.RuneError && size == 1 {
			span{f, i, i + 1}.fail("save it as UTF-8", "the file is not UTF-8")
			return false
		} else if !isYAML(r) {
			span{f, i, i + size}.fail(`write it as an escape in double quotes, such as "\u0007"`, "the character %U cannot stand in YAML", r)
			return false
		}
	}
	d := yaml.NewDecoder(bytes.NewReader([]byte(f.text)))
	for {
		var n yaml.Node
		switch err := d.Decode(&n); {
		case errors.Is(err, io.EOF):
			return true
		case err != nil:
			f.syntax(err)
			return false
		}
		if n.Kind == yaml.DocumentNode && len(n.Content) == 1 && !f.empty(n.Content[0]) {
			f.roots = append(f.roots, &n)
		}
	}
}

// isYAML reports whether YAML lets a character stand as itself.
func isYAML(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r < 0xa0:
		return r < 0x7f || r == 0x85
	}
	return r != 0xfeff && r != 0xfffe && r != 0xffff
}

// empty reports a document of comments alone.
func (f *file) empty(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == ""
}

// parserError is what the parser says, as opposed to the scanner: its lines are one short.
var parserError = regexp.MustCompile(`^did not find expected (',' or|<|node content|key$|'-' indicator)`)

var yamlError = regexp.MustCompile(`^yaml: (?:line ([0-9]+): )?(?s:(.*))$`)

// syntax notes what the YAML parser says, which knows the line only.
func (f *file) syntax(err error) {
	m := yamlError.FindStringSubmatch(err.Error())
	if m == nil {
		m = []string{"", "", err.Error()}
	}
	line, convErr := strconv.Atoi(m[1])
	switch {
	case convErr != nil:
		line = 1
	case parserError.MatchString(m[2]):
		line++
	}
	line = min(line, len(f.lines))
	at := f.offset(line, 1)
	end := len(f.text)
	if i := strings.IndexByte(f.text[at:], '\n'); i >= 0 {
		end = at + i
	}
	at += len(f.text[at:end]) - len(strings.TrimLeft(f.text[at:end], " \t"))
	hint := "look at this line and the one above"
	if parserError.MatchString(m[2]) {
		hint = "look at this line and those below; a text with : , { } [ ] or # in it needs quotes"
	}
	if strings.Contains(m[2], "cannot start any token") {
		hint = "put the text in quotes: '…'"
		if strings.Contains(f.text[f.offset(line, 1):min(at+1, len(f.text))], "\t") {
			hint = "indent with spaces, not tabs"
		}
	}
	span{f, at, end}.fail(hint, "not YAML: %s", m[2])
}

// plain refuses the parts of YAML that let a small file stand for a large or another one.
func (f *file) plain(n *yaml.Node, depth int) bool {
	ok := true
	switch {
	case n.Kind == yaml.AliasNode:
		f.at(n).fail("write the value out", "YAML aliases are not allowed")
		return false
	case n.Anchor != "":
		f.at(n).fail("leave &"+n.Anchor+" out", "YAML anchors are not allowed")
		ok = false
	case n.Style&yaml.TaggedStyle != 0:
		f.at(n).fail("leave "+n.Tag+" out", "YAML tags are not allowed")
		ok = false
	case depth > maxDepth:
		f.at(n).fail("", "nested more than %d deep", maxDepth)
		return false
	}
	for _, c := range n.Content {
		ok = f.plain(c, depth+1) && ok
	}
	return ok
}
