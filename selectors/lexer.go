package selectors

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	endToken    tokenKind = iota + 1
	wordToken             // arch, 8GiB, eu-west, 10.20.0.0/16, fd00::/8
	stringToken           // "berlin"; its text is unquoted
	nameToken             // @prod; its text has no @
	signToken             // an operator or a bracket; its text is the sign
	badToken              // nothing of the language; its text says why
)

type token struct {
	kind tokenKind
	at   Span
	text string
	open bool // a bad token that more text could complete
}

func (t token) is(sign string) bool { return t.kind == signToken && t.text == sign }
func (t token) word(w string) bool  { return t.kind == wordToken && t.text == w }

// signLength is the length of the sign at i, or zero.
func signLength(s string, i int) int {
	var second byte
	if i+1 < len(s) {
		second = s[i+1]
	}
	two := false
	switch s[i] {
	case '-':
		two = second == '>'
	case '=', '!':
		two = second == '=' || second == '~'
	case '<', '>':
		two = second == '='
	case '&', '|':
		two = second == s[i]
	case '^', '(', ')', '[', ']', '{', '}', ',', ':':
	default:
		return 0
	}
	if two {
		return 2
	}
	return 1
}

// lexer cuts a text into tokens on demand, so that the parser may read a nodeset raw.
type lexer struct {
	text    string
	pos     int
	remarks bool // a # starts a remark
}

func (l *lexer) next() token {
	for l.pos < len(l.text) && (isSpace(l.text[l.pos]) || l.remarks && l.text[l.pos] == '#') {
		if l.text[l.pos] == '#' {
			_, rest, _ := strings.Cut(l.text[l.pos:], "\n")
			l.pos = len(l.text) - len(rest)
			continue
		}
		l.pos++
	}
	start := l.pos
	if start == len(l.text) {
		return token{kind: endToken, at: Span{start, start}}
	}
	if end := addressEnd(l.text, start); end > start {
		l.pos = end
		return token{kind: wordToken, at: Span{start, end}, text: l.text[start:end]}
	}
	switch c := l.text[start]; {
	case isWordByte(c) && c != '-' && c != '+' && c != '/' && c != '%':
		l.pos = wordEnd(l.text, start)
		return token{kind: wordToken, at: Span{start, l.pos}, text: l.text[start:l.pos]}
	case c == '"':
		return l.quoted()
	case c == '@':
		l.pos = wordEnd(l.text, start+1)
		if l.pos == start+1 {
			return token{kind: badToken, at: Span{start, l.pos}, text: "a name must follow @", open: l.pos == len(l.text)}
		}
		return token{kind: nameToken, at: Span{start, l.pos}, text: l.text[start+1 : l.pos]}
	}
	if n := signLength(l.text, start); n > 0 {
		l.pos += n
		return token{kind: signToken, at: Span{start, l.pos}, text: l.text[start:l.pos]}
	}
	r, size := utf8.DecodeRuneInString(l.text[start:])
	l.pos += size
	why := "unexpected character " + strconv.QuoteRune(r)
	if r == '\'' {
		why = `text is written in double quotes: "…"`
	}
	if r == '*' || r == '?' {
		why = `a pattern is written in double quotes: glob "edge-*"`
	}
	return token{kind: badToken, at: Span{start, l.pos}, text: why}
}

// quoted reads "…" with Go's escapes; the text must stand on one line.
func (l *lexer) quoted() token {
	start := l.pos
	for i := start + 1; i < len(l.text); i++ {
		switch l.text[i] {
		case '\\':
			i++
			continue
		case '\n':
			l.pos = i
			return token{kind: badToken, at: Span{start, i}, text: `text without its closing "`}
		case '"':
			l.pos = i + 1
			s, err := strconv.Unquote(l.text[start:l.pos])
			if err != nil {
				return token{kind: badToken, at: Span{start, l.pos}, text: `bad escape in text; write \" for a quote and \\ for a backslash`}
			}
			return token{kind: stringToken, at: Span{start, l.pos}, text: s}
		}
	}
	l.pos = len(l.text)
	return token{kind: badToken, at: Span{start, l.pos}, text: `text without its closing "`, open: true}
}

// wordEnd is the end of the word that starts at i. A hyphen belongs to the word unless it
// begins an arrow.
func wordEnd(s string, i int) int {
	for i < len(s) && isWordByte(s[i]) && (s[i] != '-' || signLength(s, i) == 1) {
		i++
	}
	return i
}

// addressEnd is the end of the IPv6 address or network that starts at i, or i if none does.
// Its colons are no signs: two at least stand among hex digits, as in no other word.
func addressEnd(s string, i int) int {
	end, colons := i, 0
	for ; end < len(s) && (s[end] == ':' || s[end] == '.' || isHex(s[end])); end++ {
		if s[end] == ':' {
			colons++
		}
	}
	if colons < 2 {
		return i
	}
	if _, err := netip.ParseAddr(s[i:end]); err != nil {
		return i
	}
	if end < len(s) && s[end] == '/' {
		for end++; end < len(s) && isDigit(s[end]); end++ {
		}
	}
	return end
}

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func isWordByte(c byte) bool {
	switch c {
	case '_', '.', '-', '+', '/', '%':
		return true
	}
	return isLetter(c) || isDigit(c)
}

// isWord reports whether s, unquoted, is read back as one word.
func isWord(s string) bool {
	l := lexer{text: s}
	t := l.next()
	return t.kind == wordToken && t.at == Span{0, len(s)}
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isSpace(c byte) bool  { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
