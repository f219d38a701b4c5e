package main

import (
	"slices"

	"github.com/musterfleet/muster/selectors"
)

// typing reports whether a last token may go on: a word, a name, or a text without its end.
func typing(text string, t selectors.Token) bool {
	switch t.Kind {
	case selectors.WordToken, selectors.NameToken:
		return true
	case selectors.BadToken:
		return text[t.At.Start] == '"' || text[t.At.Start] == '@'
	case selectors.StringToken, selectors.SignToken:
	}
	return false
}

// clauseOf is the clause of a query that the tokens end in, if any.
func clauseOf(tokens []selectors.Token) string {
	for i := len(tokens) - 1; i > 0; i-- {
		t := tokens[i]
		if t.Kind == selectors.WordToken && slices.Contains(clauseWords, t.Text) && enclosing(tokens[:i]) < 0 {
			return t.Text
		}
	}
	return ""
}

var clauseWords = []string{"by", "show", "sort", "limit"}

// comparing reports whether a value follows the token.
func comparing(t selectors.Token) bool {
	return t.Kind == selectors.SignToken && slices.Contains([]string{"=", "==", "!=", "<", "<=", ">", ">="}, t.Text)
}

// enclosing is the last bracket that is open, or -1.
func enclosing(tokens []selectors.Token) int {
	depth := 0
	for i := len(tokens) - 1; i >= 0; i-- {
		if tokens[i].Kind != selectors.SignToken {
			continue
		}
		switch tokens[i].Text {
		case ")", "]", "}":
			depth++
		case "(", "[", "{":
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}

// elementOpen is the bracket of the any(… or every(… that the tokens end in, or -1.
func elementOpen(tokens []selectors.Token) int {
	for end := len(tokens); ; {
		i := enclosing(tokens[:end])
		if i <= 0 {
			return -1
		}
		if w := tokens[i-1].Text; (w == "any" || w == "every") && i+2 < len(tokens) {
			return i
		}
		end = i
	}
}

// keyText is the key that the tokens end with, as it is written; empty if they end with none.
func keyText(text string, tokens []selectors.Token) string {
	n := len(tokens)
	if n == 0 {
		return ""
	}
	start := -1
	switch last := tokens[n-1]; {
	case last.Kind == selectors.WordToken && slices.Contains(selectors.AttributeNames(), last.Text):
		start = n - 1
	case last.Kind == selectors.WordToken && slices.Contains(selectors.ElementKeys(), last.Text) && elementOpen(tokens[:n-1]) >= 0:
		start = n - 1
	case last.Kind == selectors.SignToken && last.Text == ")":
		if i := enclosing(tokens[:n-1]); i > 0 && tokens[i-1].Kind == selectors.WordToken && slices.Contains([]string{"label", "num", "ver", "ip"}, tokens[i-1].Text) {
			start = i - 1
		}
	}
	if start < 0 {
		return ""
	}
	return text[tokens[start].At.Start:tokens[n-1].At.End]
}

// keyOf reads a key as it is written.
func keyOf(text string) (selectors.Key, bool) {
	x, err := selectors.Parse("has(" + text + ")")
	if err != nil {
		return selectors.Key{}, false
	}
	h, ok := x.(selectors.Has)
	return h.Key, ok
}
