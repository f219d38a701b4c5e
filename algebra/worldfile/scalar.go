package worldfile

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// origins says, for each byte of a scalar's value, where in the file it was written, and
// where the scalar ends. It reads the scalar a second time, in each of YAML's five styles;
// where that does not give the value YAML read, origins is nil and positions inside the
// scalar are unknown.
func (f *file) origins(n *yaml.Node) (origins []int, end int) {
	start := f.start(n)
	r := replay{text: f.text, at: start}
	switch {
	case n.Style&yaml.SingleQuotedStyle != 0:
		r.quoted('\'')
	case n.Style&yaml.DoubleQuotedStyle != 0:
		r.quoted('"')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		r.block(n.Value, n.Style&yaml.FoldedStyle != 0)
	default:
		r.plain(len(n.Value))
	}
	if string(r.out) != n.Value {
		line := len(f.text)
		if i := strings.IndexByte(f.text[start:], '\n'); i >= 0 {
			line = start + i
		}
		return nil, line
	}
	return r.from, r.at
}

// replay reads a scalar, keeping for each byte of its value where it came from.
type replay struct {
	text string
	at   int
	out  []byte
	from []int
}

// emit adds a text to the value, written at at with the given length.
func (r *replay) emit(s string, length int) {
	for i := range len(s) {
		r.out = append(r.out, s[i])
		r.from = append(r.from, r.at+min(i, max(length-1, 0)))
	}
	r.at += length
}

func (r *replay) rest() string { return r.text[min(r.at, len(r.text)):] }

// fold reads blanks and line breaks: blanks within a line stay, one break is a space, and
// more are one less.
func (r *replay) fold() {
	blanks := len(r.rest()) - len(strings.TrimLeft(r.rest(), " \t"))
	if lineBreak(r.rest()[blanks:]) == 0 {
		r.emit(r.rest()[:blanks], blanks)
		return
	}
	breaks, n := 0, blanks
	for {
		size := lineBreak(r.rest()[n:])
		if size == 0 {
			break
		}
		breaks++
		n += size
		n += len(r.rest()[n:]) - len(strings.TrimLeft(r.rest()[n:], " \t"))
	}
	if breaks == 1 {
		r.emit(" ", n)
		return
	}
	r.emit(strings.Repeat("\n", breaks-1), n)
}

func (r *replay) plain(length int) {
	for len(r.out) < length && r.at < len(r.text) {
		if strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
			r.fold()
			continue
		}
		_, n := utf8.DecodeRuneInString(r.rest())
		r.emit(r.rest()[:n], n)
	}
}

func (r *replay) quoted(quote byte) {
	r.at++
	for r.at < len(r.text) {
		c := r.text[r.at]
		switch {
		case c == quote && quote == '\'' && strings.HasPrefix(r.rest(), "''"):
			r.emit("'", 2)
		case c == quote:
			r.at++
			return
		case c == '\\' && quote == '"':
			r.escape()
		case strings.IndexByte(" \t\r\n", c) >= 0:
			r.fold()
		default:
			_, n := utf8.DecodeRuneInString(r.rest())
			r.emit(r.rest()[:n], n)
		}
	}
}

// escape reads a backslash and what belongs to it.
func (r *replay) escape() {
	rest := r.rest()
	if len(rest) < 2 {
		r.at = len(r.text)
		return
	}
	if n := lineBreak(rest[1:]); n > 0 { // an escaped line break is nothing at all
		tail := rest[1+n:]
		r.at += 1 + n + len(tail) - len(strings.TrimLeft(tail, " \t"))
		return
	}
	if digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[rest[1]]; digits > 0 && len(rest) >= 2+digits {
		code, err := strconv.ParseUint(rest[2:2+digits], 16, 32)
		if err != nil {
			code = utf8.RuneError
		}
		r.emit(string(rune(code)), 2+digits)
		return
	}
	short := map[byte]string{
		'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
		' ': " ", '"': `"`, '/': "/", '\\': `\`, 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
	}
	r.emit(short[rest[1]], 2)
}

// block reads the lines under | or >. Their indentation is that of the first line with text,
// or less if the header says so, which counts from a parent that is unknown here: so it is
// found by trying.
func (r *replay) block(value string, folded bool) {
	header := r.line()
	body := r.at + len(header)
	indent := 0
	for tail := r.text[body:]; tail != ""; {
		line, next, _ := strings.Cut(tail, "\n")
		if text := strings.TrimLeft(line, " "); strings.TrimRight(text, "\r") != "" {
			indent = len(line) - len(text)
			break
		}
		tail = next
	}
	least := indent
	if strings.ContainsAny(strings.SplitN(header, "#", 2)[0], "123456789") {
		least = 0
	}
	for ; indent >= least; indent-- {
		*r = replay{text: r.text, at: body}
		if folded {
			r.folded(len(value), indent)
		} else {
			r.literal(len(value), indent)
		}
		if string(r.out) == value {
			return
		}
	}
}

func (r *replay) literal(length, indent int) {
	for len(r.out) < length && r.at < len(r.text) {
		line := r.line()
		content := strings.TrimRight(line, "\r\n")
		ending := len(line) - len(content)
		skip := min(indent, len(content))
		r.at += skip
		r.emit(content[skip:], len(content)-skip)
		if len(r.out) < length { // else the last break is chomped
			r.emit("\n", ending)
		}
	}
}

func (r *replay) folded(length, indent int) {
	const none, text, deeper = 0, 1, 2 // what kind of line came before
	before, blank := none, 0
	for len(r.out) < length && r.at < len(r.text) {
		line := r.line()
		content := strings.TrimRight(line, "\r\n")
		ending := len(line) - len(content)
		if len(content) <= indent && strings.Trim(content, " ") == "" {
			blank++
			r.at += len(line)
			continue
		}
		if len(content) <= indent || strings.Trim(content[:indent], " ") != "" {
			break // the scalar ended with the blank lines
		}
		kind := text
		if content[indent] == ' ' || content[indent] == '\t' {
			kind = deeper
		}
		breaks := strings.Repeat("\n", blank)
		switch {
		case before == none:
		case before == text && kind == text && blank == 0:
			breaks = " "
		case before == text && kind == text:
		default:
			breaks += "\n"
		}
		r.emit(breaks, 0)
		r.at += indent
		r.emit(content[indent:], len(content)-indent)
		r.at += ending
		before, blank = kind, 0
	}
	if len(r.out) < length { // the breaks at its end
		r.emit(strings.Repeat("\n", length-len(r.out)), 0)
	}
}

// line is the rest of the current line with its break.
func (r *replay) line() string {
	if i := strings.IndexByte(r.rest(), '\n'); i >= 0 {
		return r.rest()[:i+1]
	}
	return r.rest()
}
