package importers

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode"
)

// pythonMatch is a regular expression for the whole text that holds where Python's re.match
// finds the given one at its start. What Python and RE2 read differently is refused.
func pythonMatch(pattern string, newlines bool) (whole, why string) {
	if why := notBoth(pattern); why != "" {
		return "", why
	}
	return search(pattern, true, newlines)
}

// pythonMatchFold is pythonMatch as Salt does it: pattern and text are put in lower case.
func pythonMatchFold(pattern string) (whole, why string) {
	pattern = strings.ToLower(pattern)
	if whole, why = pythonMatch(pattern, true); why != "" {
		return "", why
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err == nil && contains(tree, upperOnly) {
		return "", "a class of capital letters, which Salt compares with small ones"
	}
	if hasLetter(pattern) {
		whole = "(?i:" + whole + ")"
	}
	return whole, ""
}

// upperOnly reports whether a class has a capital letter without its small one.
func upperOnly(re *syntax.Regexp) bool {
	if re.Op != syntax.OpCharClass {
		return false
	}
	in := func(r rune) bool {
		for i := 0; i < len(re.Rune); i += 2 {
			if re.Rune[i] <= r && r <= re.Rune[i+1] {
				return true
			}
		}
		return false
	}
	for r := 'A'; r <= 'Z'; r++ {
		if in(r) && !in(r+'a'-'A') {
			return true
		}
	}
	return false
}

func hasLetter(s string) bool { return strings.IndexFunc(s, unicode.IsLetter) >= 0 }

// notBoth says what of a pattern Python and RE2 do not read alike; empty if nothing is.
func notBoth(pattern string) string {
	// Escapes that mean the same on the texts at hand, and signs that stand for themselves.
	const escapes = `dDwWsSntrfv\.+*?()|[]{}^$-/:,@_#&~!%<>='" `
	for i := 0; i < len(pattern); i++ {
		rest := pattern[i:]
		switch {
		case rest[0] == '\\' && len(rest) > 1:
			if strings.IndexByte(escapes, rest[1]) < 0 {
				return fmt.Sprintf(`\%c is not the same in Python and RE2`, rest[1])
			}
			i++
		case strings.HasPrefix(rest, "{,"):
			return "{, is a count in Python and text in RE2: write {0,"
		case strings.HasPrefix(rest, "[:"), strings.HasPrefix(rest, "[[:"):
			return "[: starts a class of its own in RE2 and none in Python"
		case strings.HasPrefix(rest, "(?") && !knownGroup(rest):
			return "a group " + rest[:min(len(rest), 4)] + "… is not the same in Python and RE2"
		case rest[0] > 0x7f:
			return "a regular expression of other than ASCII characters"
		}
	}
	return ""
}

// knownGroup reports whether a group that starts with (? is the same for both.
func knownGroup(s string) bool {
	for _, start := range []string{"(?:", "(?i)", "(?P<", "(?i:"} {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return false
}
