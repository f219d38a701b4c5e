package worldfile

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/selectors"
)

// scalar writes a scalar in the canonical form: an expression in single quotes, a number
// or truth value as it was, a text plain where every reader of YAML takes it for a text, as
// a block where it has lines, else in single quotes, else in double ones. A block comes with
// its lines, indented below indent, and without the last break.
func (p *printer) scalar(n *yaml.Node, indent string) string {
	text := n.Value
	if x, ok := p.file.exprs[n]; ok {
		text = selectors.Print(x)
	} else if n.Tag != "!!str" && n.Style == 0 || isPlain(text) {
		return text
	}
	if body, chomp, ok := asBlock(text); ok {
		lines := strings.Split(body, "\n")
		for i, line := range lines {
			if line != "" {
				lines[i] = indent + "  " + line
			}
		}
		return "|" + chomp + "\n" + strings.Join(lines, "\n")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return double(text)
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

var (
	words    = regexp.MustCompile(`^-?-?[A-Za-z/]([A-Za-z0-9_./@+=-]|:[A-Za-z0-9_./@+-]| [A-Za-z0-9_./@+])*$`)
	measures = regexp.MustCompile(`^([1-9][0-9]*([smh]|[kKMGT]i?B)|[0-9]+\.[0-9]+\.[A-Za-z0-9.+-]+)$`)
	// reserved are the words that some version of YAML takes for something else.
	reserved = regexp.MustCompile(`^(?i:true|false|yes|no|on|off|y|n|null|-?\.inf|\.nan)$`)
)

// isPlain reports whether a text may stand without quotes. It is cautious: not every text
// that could is found.
func isPlain(s string) bool {
	return (words.MatchString(s) || measures.MatchString(s)) && !reserved.MatchString(s)
}

// asBlock is the lines of a text that may stand under a |, and how its end is marked.
func asBlock(s string) (body, chomp string, ok bool) {
	body, ended := strings.CutSuffix(s, "\n")
	if !ended {
		chomp = "-"
	}
	odd := func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }
	ok = strings.Contains(s, "\n") && body != "" && !strings.HasSuffix(body, "\n") &&
		!strings.ContainsAny(body[:1], " \t\n") && !strings.ContainsFunc(body, odd)
	return body, chomp, ok
}

// double writes a text in double quotes, with escapes that YAML and Go share.
func double(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			b.WriteString(`\U` + hex(r, 8))
		default:
			b.WriteString(`\u` + hex(r, 4))
		}
	}
	return `"` + b.String() + `"`
}

func hex(r rune, digits int) string {
	s := strconv.FormatInt(int64(r), 16)
	return strings.Repeat("0", digits-len(s)) + s
}
