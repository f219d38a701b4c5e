package main

import (
	"slices"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// completeExpr offers by what stands before the word being typed. It goes by tokens, as what
// is typed seldom parses.
func (s *session) completeExpr(text string, from int) ([]candidate, int) {
	tokens := selectors.Tokens(text[from:])
	for i := range tokens {
		tokens[i].At.Start += from
		tokens[i].At.End += from
	}
	start := len(text)
	if n := len(tokens); n > 0 && tokens[n-1].At.End == len(text) && typing(text, tokens[n-1]) {
		start, tokens = tokens[n-1].At.Start, tokens[:n-1]
	}
	found := fitting(s.candidates(text, tokens), text[start:])
	if start == len(text) { // what no device has is offered only to who begins to write it
		found = slices.DeleteFunc(found, func(c candidate) bool { return c.about == onNone })
	}
	return found, start
}

// candidates are what may follow the tokens.
func (s *session) candidates(text string, tokens []selectors.Token) []candidate {
	n := len(tokens)
	if n == 0 || n == 3 && tokens[0].Text == "let" && tokens[2].Text == "=" {
		return s.operands()
	}
	listing := n >= 2 && tokens[n-1].Text == "(" && tokens[n-2].Text == "in"
	if elementOpen(tokens) >= 0 && tokens[n-1].Kind == selectors.SignToken && slices.Contains([]string{":", "&", "|", "("}, tokens[n-1].Text) && !listing {
		return s.elementKeys()
	}
	last := tokens[n-1]
	if clause := clauseOf(tokens); clause != "" && (last.Text == clause || last.Text == ",") {
		if clause == "limit" {
			return nil
		}
		return s.keyCandidates()
	}
	if comparing(last) {
		return s.valueCandidates(keyText(text, tokens[:n-1]))
	}
	if i := enclosing(tokens); i >= 0 && last.Kind == selectors.SignToken && (i == n-1 || last.Text == ",") {
		return s.inside(text, tokens, i)
	}
	switch last.Kind {
	case selectors.StringToken, selectors.NameToken:
		return s.operators(text[:last.At.End])
	case selectors.SignToken:
		if k := keyText(text, tokens); k != "" {
			return s.comparisons(k)
		}
		if last.Text == ")" || last.Text == "]" || last.Text == "}" {
			return s.operators(text[:last.At.End])
		}
	case selectors.WordToken:
		if k := keyText(text, tokens); k != "" && (n == 1 || !comparing(tokens[n-2])) {
			return s.comparisons(k)
		}
		if !slices.Contains([]string{"and", "or", "not", "let"}, last.Text) {
			return s.operators(text[:last.At.End])
		}
	case selectors.BadToken:
		return nil
	}
	return s.operands()
}

// inside are the candidates right after an open bracket, or a comma in it.
func (s *session) inside(text string, tokens []selectors.Token, open int) []candidate {
	if tokens[open].Text == "{" {
		if open > 0 && tokens[open-1].Text == "->" {
			return s.deploymentCandidates()
		}
		return s.deviceCandidates(strings.TrimLeft(text[tokens[len(tokens)-1].At.End:], " \t\n"))
	}
	if tokens[open].Text == "[" || open == 0 || tokens[open-1].Kind != selectors.WordToken {
		return s.operands()
	}
	switch tokens[open-1].Text {
	case "label":
		return s.labelCandidates()
	case "has", "num", "ver", "ip":
		return s.keyCandidates()
	case "any", "every":
		return []candidate{{selectors.Deploy + ": ", "what a device runs"}}
	case "in":
		before := tokens[:open-1]
		if n := len(before); n > 0 && before[n-1].Text == "not" {
			before = before[:n-1]
		}
		return s.valueCandidates(keyText(text, before))
	}
	return s.operands()
}

// binds reports whether a text is an expression here.
func (s *session) binds(text string) (selectors.Sort, bool) {
	x, err := selectors.Parse(text)
	if err != nil {
		return 0, false
	}
	b, err := selectors.Bind(x, s.scope)
	if err != nil {
		return 0, false
	}
	return b.Sort(), true
}

// compares reports whether a comparison is one here: a key, and what stands after it.
func (s *session) compares(key, rest string) bool {
	text := key + " " + rest
	if slices.Contains(selectors.ElementKeys(), key) {
		text = "any(" + selectors.Deploy + ": " + text + ")"
	}
	_, ok := s.binds(text)
	return ok
}

// comparisons are the operators that mean something on a key: those that bind with a value
// that the key has.
func (s *session) comparisons(key string) []candidate {
	value := "1"
	if values := s.valueCandidates(key); len(values) > 0 {
		value = values[0].text
	}
	var out []candidate
	for _, op := range []candidate{
		{"= ", "equal"}, {"!= ", "different, or absent"}, {"in (", "one of several"}, {"not in (", "none of several, or absent"},
		{"< ", "less"}, {"<= ", "less or equal"}, {"> ", "greater"}, {">= ", "greater or equal"},
		{"glob ", "like a pattern with * and ?"}, {"=~ ", "like a regular expression"}, {"contains ", "has an element"},
		{"within ", "at most so long ago"},
	} {
		rest := value
		switch {
		case strings.HasSuffix(op.text, "("):
			rest += ")"
		case op.text == "glob " || op.text == "=~ " || op.text == "contains ":
			rest = `"a"`
		case op.text == "within ":
			rest = "5m"
		}
		if s.compares(key, op.text+rest) {
			out = append(out, op)
		}
	}
	return out
}

// operators are what may follow a whole expression.
func (s *session) operators(before string) []candidate {
	sort, ok := s.binds(before)
	out := []candidate{{"& ", "and"}, {"| ", "or"}}
	if ok && sort == selectors.FleetSort {
		out = append(out, candidate{"- ", "without"}, candidate{"^ ", "in one of both"}, candidate{"[", "of them, those that"})
	}
	if ok && sort != selectors.AssignmentSort && s.ground.declared {
		out = append(out, candidate{"-> {", "are to run"})
	}
	if ok && sort != selectors.AssignmentSort {
		out = append(out, candidate{"by ", "a row for each value"}, candidate{"show ", "columns"}, candidate{"sort ", "the order of rows"}, candidate{"limit ", "the most rows"})
	}
	return out
}

// operands are what an expression may start with.
func (s *session) operands() []candidate {
	out := s.attributeCandidates()
	out = append(out, candidate{`label("`, counted(len(s.scope.LabelKeys), "label in use", "labels in use")},
		candidate{"has(", "the key is present"}, candidate{"num(", "a label as a number"}, candidate{"ver(", "a label as a version"},
		candidate{"any(" + selectors.Deploy + ": ", "something it runs is so"}, candidate{"every(" + selectors.Deploy + ": ", "all it runs is so"},
		candidate{"sample(", "a share of the devices"}, candidate{"take(", "some devices of a fleet"},
		candidate{"all", "the fleet of all devices"}, candidate{"none", "the empty fleet"}, candidate{"true", "every device"}, candidate{"false", "no device"})
	return append(out, s.nameCandidates()...)
}
