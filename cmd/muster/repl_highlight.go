package main

import (
	"slices"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// The dress of each kind of word. What is unknown is red, what no device has is underlined.
const (
	keywordStyle = "35"
	keyStyle     = "34"
	nameStyle    = "36"
	textStyle    = "32"
	valueStyle   = "33"
	commandStyle = "1;34"
	unknownStyle = "31"
	absentStyle  = "4;32"
)

// keywords are the words of the language that are no keys and no values.
var keywords = []string{
	"all", "none", "true", "false", "and", "or", "not", "in", "has", "label", "num", "ver", "ip", "any", "every", "at", "let",
	"glob", "contains", "within", selectors.Deploy, "sample", "take", "by", "show", "sort", "desc", "limit",
}

// highlight dresses a text as it is typed. Without its dress it is the text.
func (s *session) highlight(text string) string {
	var b strings.Builder
	from := 0
	if at := len(text) - len(strings.TrimLeft(text, " \t\n")); at < len(text) && text[at] == ':' {
		_, end, ok := cutCommand(text)
		style := commandStyle
		if !ok {
			style = unknownStyle
			if end = at + strings.IndexAny(text[at:]+" ", " \t\n"); couldBeCommand(text[at:end]) {
				style = commandStyle
			}
		}
		b.WriteString(text[:at] + s.style(style, text[at:end]))
		from = end
		if c, _, _ := cutCommand(text); ok && c.takes != takesExpr && c.takes != takesPair && c.takes != takesDeviceExpr {
			return b.String() + text[end:]
		}
	}
	tokens := selectors.Tokens(text[from:])
	end := from
	for i, t := range tokens {
		t.At.Start += from
		t.At.End += from
		b.WriteString(text[end:t.At.Start])
		if style := s.tokenStyle(tokens, i, t.At.End == len(text)); style != "" {
			b.WriteString(s.style(style, text[t.At.Start:t.At.End]))
		} else {
			b.WriteString(text[t.At.Start:t.At.End])
		}
		end = t.At.End
	}
	return b.String() + text[end:]
}

// couldBeCommand reports whether a command starts so.
func couldBeCommand(word string) bool {
	return slices.ContainsFunc(commandNames(), func(n string) bool { return strings.HasPrefix(n, word) })
}

// tokenStyle is how a token is dressed; a last one may still be in the making.
func (s *session) tokenStyle(tokens []selectors.Token, i int, last bool) string {
	t := tokens[i]
	switch t.Kind {
	case selectors.NameToken:
		if !s.here() {
			return nameStyle
		}
		if _, ok := s.scope.Names[t.Text]; !ok && !(last && s.startsName(t.Text)) {
			return unknownStyle
		}
		return nameStyle
	case selectors.StringToken:
		if i >= 2 && tokens[i-2].Text == "label" && s.here() && !slices.Contains(s.scope.LabelKeys, t.Text) {
			return absentStyle
		}
		return textStyle
	case selectors.BadToken:
		if last {
			return textStyle // a text or a name that has only begun
		}
		return unknownStyle
	case selectors.SignToken:
		return ""
	case selectors.WordToken:
		return wordStyle(tokens, i)
	}
	panic("muster: unknown token")
}

func (s *session) startsName(text string) bool {
	for name := range s.scope.Names {
		if strings.HasPrefix(name, text) {
			return true
		}
	}
	return false
}

// wordStyle tells keys, values and words of the language apart by what stands around them.
func wordStyle(tokens []selectors.Token, i int) string {
	word := tokens[i].Text
	follows := i+1 < len(tokens) && (comparing(tokens[i+1]) || tokens[i+1].Text == "in" || tokens[i+1].Text == "not")
	switch {
	case i > 0 && comparing(tokens[i-1]) && !(i == 3 && tokens[0].Text == "let"):
		return valueStyle
	case slices.Contains(selectors.AttributeNames(), word), strings.HasPrefix(word, "label."):
		return keyStyle
	case slices.Contains(selectors.ElementKeys(), word) && elementOpen(tokens[:i]) >= 0:
		return keyStyle
	case slices.Contains(keywords, word):
		return keywordStyle
	case follows && elementOpen(tokens[:i]) < 0 && !(i == 1 && tokens[0].Text == "let"):
		return unknownStyle
	}
	return ""
}
