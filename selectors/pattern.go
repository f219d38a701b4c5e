package selectors

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

// glob is the regular expression of a glob, for the whole text; or what is wrong with it.
func glob(pattern string) (re *regexp.Regexp, why, hint string) {
	var b strings.Builder
	runes := []rune(pattern)
	for i := 0; i < len(runes); i++ {
		switch runes[i] {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			length := slices.Index(runes[i:], ']')
			if length < 0 {
				return nil, "[ without its ] in a glob", "write [[] for a bracket itself"
			}
			class, why, hint := globClass(runes[i+1 : i+length])
			if why != "" {
				return nil, why, hint
			}
			b.WriteString(class)
			i += length
		default:
			b.WriteString(regexp.QuoteMeta(string(runes[i])))
		}
	}
	re, err := whole(b.String())
	if err != nil {
		return nil, "the glob is too large", "write it shorter"
	}
	return re, "", ""
}

// globClass is what stands in brackets, as a class of a regular expression.
func globClass(runes []rune) (class, why, hint string) {
	if len(runes) == 0 {
		return "", "an empty class in a glob", "write the characters: [abc] or [a-c]"
	}
	if runes[0] == '^' || runes[0] == '!' {
		return "", "a class of a glob cannot be negated", "use !~ with a regular expression"
	}
	var b strings.Builder
	literal := func(r rune) { b.WriteString(`\x{` + strconv.FormatInt(int64(r), 16) + `}`) }
	for i := 0; i < len(runes); i++ {
		literal(runes[i])
		if i+2 < len(runes) && runes[i+1] == '-' {
			if runes[i] > runes[i+2] {
				return "", "a class that ends before it starts in a glob", "write the lesser character first: [a-c]"
			}
			b.WriteByte('-')
			literal(runes[i+2])
			i += 2
		}
	}
	return "[" + b.String() + "]", "", ""
}

// whole is the regular expression for a whole text, line breaks included.
func whole(pattern string) (*regexp.Regexp, error) { return regexp.Compile(`^(?s:` + pattern + `)$`) }

// pattern is a regular expression as the language has it, for the whole text; or what is
// wrong with it. Bounds of words and lines are left out, so that two patterns can be compared.
func pattern(text string) (re *regexp.Regexp, why, hint string) {
	tree, err := syntax.Parse(text, syntax.Perl|syntax.DotNL)
	if err != nil {
		why := "a bad regular expression"
		if e, ok := err.(*syntax.Error); ok {
			why = "a bad regular expression: " + e.Code.String() + " " + e.Expr
		}
		return nil, why, "write it as RE2: no back references, no look-around"
	}
	if op, found := bound(tree); found {
		return nil, op + " cannot stand in a regular expression here", "it must match the whole text; write what may stand around it, such as .*"
	}
	if re, err = whole(tree.String()); err != nil { // not the text: a \Q in it would swallow what follows
		return nil, "the regular expression is too large", "write it shorter"
	}
	return re, "", ""
}

// bound finds a bound of words or lines.
func bound(re *syntax.Regexp) (string, bool) {
	switch re.Op {
	case syntax.OpWordBoundary:
		return `\b`, true
	case syntax.OpNoWordBoundary:
		return `\B`, true
	case syntax.OpBeginLine, syntax.OpEndLine:
		return "(?m)", true
	}
	for _, sub := range re.Sub {
		if op, found := bound(sub); found {
			return op, true
		}
	}
	return "", false
}

// text checks that a key's values are texts, which word works on.
func (b *binder) text(at Span, key Key, word string, instead string) bool {
	k, ok := b.key(key)
	if ok && !isTextual(k) {
		if k == setKind {
			instead = "write " + keyText(key) + ` contains "…"`
		}
		b.fail(at, wrongOperator, fmt.Sprintf("%s needs text, and %s is %s", word, key, k.noun()), instead)
	}
	return ok && isTextual(k)
}

func (b *binder) glob(x Glob) Expr {
	if !b.text(x.At, x.Key, "glob", "compare it with = or <, or ask for the label itself") {
		return x
	}
	re, why, hint := glob(x.Pattern.Text)
	if why != "" {
		b.fail(x.Pattern.At, badPattern, why, hint)
		return x
	}
	x.test = &test{kind: textKind, pattern: re, negated: x.Negated}
	return x
}

// regular checks key =~ "…" and key !~ "…".
func (b *binder) regular(x Compare, k kind) Expr {
	if !isTextual(k) {
		b.fail(x.At, wrongOperator, fmt.Sprintf("%s needs text, and %s is %s", x.Op, x.Key, k.noun()), "compare it with = or <, or ask for the label itself")
		return x
	}
	re, why, hint := pattern(x.Value.Text)
	if why != "" {
		b.fail(x.Value.At, badPattern, why, hint)
		return x
	}
	x.test = &test{kind: textKind, pattern: re, negated: x.Op == NotMatches}
	return x
}
