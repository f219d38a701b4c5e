package importers

import (
	"regexp/syntax"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// wild reports whether a shell pattern has a wildcard.
func wild(pattern string) bool { return strings.ContainsAny(pattern, "*?[") }

// shell is the key fitting a pattern as Python's fnmatch reads it; or why it cannot be said.
func shell(k selectors.Key, pattern string) (x selectors.Expr, why string) {
	if !wild(pattern) {
		return equal(k, pattern), ""
	}
	glob, plain := shellGlob(pattern)
	if plain {
		return selectors.Glob{Key: k, Pattern: text(glob)}, ""
	}
	regular, why := shellRegular(pattern)
	return matches(k, regular), why
}

// shellGlob is the pattern as a glob; plain is false where a class of it is none of a glob's.
func shellGlob(pattern string) (glob string, plain bool) {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '[' {
			b.WriteByte(pattern[i])
			continue
		}
		end := shellClass(pattern, i)
		if end < 0 {
			b.WriteString("[[]")
			continue
		}
		class := pattern[i+1 : end]
		if class[0] == '!' || class[0] == '^' || class[0] == ']' || strings.ContainsRune(class, '-') && !simpleRanges(class) {
			return "", false
		}
		b.WriteString(pattern[i : end+1])
		i = end
	}
	return b.String(), true
}

// shellClass is where the class that starts at i ends; negative if the bracket is a character.
func shellClass(pattern string, i int) int {
	from := i + 1
	if from < len(pattern) && pattern[from] == '!' {
		from++
	}
	if from < len(pattern) && pattern[from] == ']' {
		from++
	}
	if from >= len(pattern) {
		return -1
	}
	if length := strings.IndexByte(pattern[from:], ']'); length >= 0 {
		return from + length
	}
	return -1
}

// simpleRanges reports whether each hyphen of a class joins two ASCII characters in order.
func simpleRanges(class string) bool {
	for i := 0; i < len(class); i++ {
		if class[i] == '-' || class[i] > 0x7f {
			return false
		}
		if i+1 < len(class) && class[i+1] == '-' {
			if i+2 >= len(class) || class[i+2] <= class[i] || class[i+2] == '-' || class[i+2] > 0x7f {
				return false
			}
			i += 2
		}
	}
	return true
}

// shellRegular is the pattern as a regular expression for the whole text.
func shellRegular(pattern string) (regular, why string) {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			end := shellClass(pattern, i)
			if end < 0 {
				b.WriteString(`\[`)
				continue
			}
			class := pattern[i+1 : end]
			negative := class[0] == '!'
			class = strings.TrimPrefix(class, "!")
			if !simpleRanges(class) {
				return "", "the class " + pattern[i:end+1] + " of the pattern is read in more than one way"
			}
			b.WriteByte('[')
			if negative {
				b.WriteByte('^')
			}
			b.WriteString(strings.NewReplacer(`\`, `\\`, "]", `\]`, "[", `\[`, "^", `\^`).Replace(class) + "]")
			i = end
		default:
			b.WriteString(quoted(c))
		}
	}
	return b.String(), ""
}

// quoted is a byte of a text as it stands in a regular expression.
func quoted(c byte) string {
	if strings.IndexByte(`\.+*?()|[]{}^$`, c) >= 0 {
		return `\` + string(c)
	}
	return string([]byte{c})
}

// search is a regular expression for the whole text that holds where the given one, as RE2,
// is found: at the start where it is anchored, else anywhere. Where newlines may occur, a dot
// does not match them, as it does in muster's language.
func search(pattern string, anchored, newlines bool) (whole, why string) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", "a bad regular expression: " + strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	}
	if op, found := boundary(tree); found {
		return "", op + " has no counterpart in a pattern for the whole text"
	}
	body, parts := pattern, tree.Sub
	if tree.Op != syntax.OpConcat {
		parts = []*syntax.Regexp{tree}
	}
	open := true             // at the end
	if alternates(pattern) { // the tree may have it factored out
		body = "(?:" + body + ")"
	} else {
		if parts[0].Op == syntax.OpBeginText && strings.HasPrefix(body, "^") {
			body, anchored = body[1:], true
		}
		last := parts[len(parts)-1]
		switch {
		case last.Op == syntax.OpEndText && strings.HasSuffix(body, "$"):
			body, open = body[:len(body)-1], false
		case last.Op == syntax.OpStar && isAny(last.Sub[0]) && strings.HasSuffix(body, ".*"):
			body = body[:len(body)-2]
		}
	}
	if newlines && contains(tree, func(re *syntax.Regexp) bool { return re.Op == syntax.OpAnyCharNotNL }) && strings.Contains(body, ".") {
		body = "(?-s:" + body + ")"
	}
	if !anchored {
		body = ".*" + body
	}
	if open {
		body += ".*"
	}
	if _, err := syntax.Parse(body, syntax.Perl|syntax.DotNL); err != nil {
		return "", "the regular expression " + pattern + " cannot be taken apart"
	}
	return body, ""
}

// alternates reports whether a | stands outside all groups and classes of the pattern.
func alternates(pattern string) bool {
	depth := 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case strings.HasPrefix(pattern[i:], `\Q`):
			return strings.Contains(pattern, "|")
		case c == '\\':
			i++
		case c == '[':
			i = classEnd(pattern, i)
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '|' && depth == 0:
			return true
		}
	}
	return false
}

// classEnd is where the class of a regular expression that starts at i ends.
func classEnd(pattern string, i int) int {
	from := i + 1
	if from < len(pattern) && pattern[from] == '^' {
		from++
	}
	for j := from; j < len(pattern); j++ {
		switch {
		case pattern[j] == '\\':
			j++
		case strings.HasPrefix(pattern[j:], "[:"):
			if length := strings.Index(pattern[j:], ":]"); length >= 0 {
				j += length + 1
			}
		case pattern[j] == ']' && j > from:
			return j
		}
	}
	return len(pattern)
}

func isAny(re *syntax.Regexp) bool {
	return re.Op == syntax.OpAnyChar || re.Op == syntax.OpAnyCharNotNL
}

// boundary finds a bound of words or lines, which muster's patterns do not have.
func boundary(re *syntax.Regexp) (op string, found bool) {
	found = contains(re, func(re *syntax.Regexp) bool {
		switch re.Op {
		case syntax.OpWordBoundary, syntax.OpNoWordBoundary:
			op = `\b`
		case syntax.OpBeginLine, syntax.OpEndLine:
			op = "(?m)"
		default:
			return false
		}
		return true
	})
	return op, found
}

func contains(re *syntax.Regexp, is func(*syntax.Regexp) bool) bool {
	if is(re) {
		return true
	}
	for _, sub := range re.Sub {
		if contains(sub, is) {
			return true
		}
	}
	return false
}
