package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// expectation says how an answer differs from what is expected below an eval; empty if it
// does not.
func expectation(s *session, q selectors.Query, b *selectors.Bound, body []testLine) string {
	var wanted []string
	for _, l := range body {
		if text, ok := strings.CutPrefix(l.text, "note "); ok {
			if told := toldNotes(s, b); !strings.Contains(told, text) {
				return fmt.Sprintf("want a note with %q\nhave %s", text, orWord(told, "no note"))
			}
			continue
		}
		wanted = append(wanted, l.text)
	}
	switch {
	case len(wanted) == 0:
		return ""
	case b.Sort() == selectors.AssignmentSort:
		return expectClaims(s, b, wanted)
	case !plain(q):
		return expectRows(s.ground.arrange(q, s.ground.demand.Fleet(b)), wanted)
	}
	return expectDevices(s.ground.demand.Fleet(b), wanted)
}

func orWord(text, word string) string {
	if text == "" {
		return word
	}
	return text
}

func toldNotes(s *session, b *selectors.Bound) string {
	var texts []string
	for _, r := range s.ground.remarks(b, s.ground.devices(b, b.Expr())) {
		texts = append(texts, r.text)
	}
	return strings.Join(texts, "; ")
}

func expectDevices(f algebra.Fleet, wanted []string) string {
	have := ids(f)
	if n, ok := strings.CutPrefix(wanted[0], "count "); ok && len(wanted) == 1 {
		if n == strconv.Itoa(f.Len()) {
			return ""
		}
		return fmt.Sprintf("want count %s\nhave count %d: %s", n, f.Len(), orWord(selectors.Fold(have), "none"))
	}
	var want []string
	if text := strings.Join(wanted, ","); text != "none" {
		var err error
		if want, err = selectors.ExpandNodes(strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), ",,", ",")); err != nil {
			return "what is expected are no names: " + err.Error()
		}
	}
	missing, extra := difference(want, have), difference(have, want)
	if len(missing)+len(extra) == 0 {
		return ""
	}
	out := fmt.Sprintf("want %s\nhave %s", orWord(selectors.Fold(want), "none"), orWord(selectors.Fold(have), "none"))
	if len(missing) > 0 {
		out += "\nmissing " + selectors.Fold(missing)
	}
	if len(extra) > 0 {
		out += "\nunexpected " + selectors.Fold(extra)
	}
	return out
}

// expectRows wants the rows of a query with clauses, in their order. How many blanks stand
// between the cells means nothing.
func expectRows(a arranged, wanted []string) string {
	var have, want []string
	for _, cells := range a.namesLast().cells("(absent)", ", ", fewValues) {
		have = append(have, squeezed(strings.Join(cells, " ")))
	}
	if n, ok := strings.CutPrefix(wanted[0], "count "); ok && len(wanted) == 1 {
		if n == strconv.Itoa(len(have)) {
			return ""
		}
		return fmt.Sprintf("want count %s\nhave count %d: %s", n, len(have), orWord(strings.Join(have, "; "), "none"))
	}
	for _, line := range wanted {
		if line != "none" {
			want = append(want, squeezed(line))
		}
	}
	if slices.Equal(want, have) {
		return ""
	}
	told := func(rows []string) string { return orWord(strings.Join(rows, "\n     "), "none") }
	return fmt.Sprintf("want %s\nhave %s", told(want), told(have))
}

// difference is what is in a and not in b.
func difference(a, b []string) []string {
	in := map[string]bool{}
	for _, x := range b {
		in[x] = true
	}
	var out []string
	for _, x := range a {
		if !in[x] {
			out = append(out, x)
		}
	}
	return out
}

// expectClaims takes each line for an assignment; together they are what is wanted.
func expectClaims(s *session, b *selectors.Bound, wanted []string) string {
	want := s.ground.roster.Unassigned()
	for _, text := range wanted {
		if text == "none" {
			continue
		}
		w, err := s.bind(text, 0)
		if err != nil {
			return "what is expected is no assignment: " + err.Error()
		}
		if w.Sort() != selectors.AssignmentSort {
			return "want " + text + ", which is " + w.Sort().String() + "; the answer is an assignment"
		}
		want = want.Union(s.ground.demand.Assign(w))
	}
	have := s.ground.demand.Assign(b)
	if have.Equal(want) {
		return ""
	}
	told := func(a algebra.Assignment) string {
		return orWord(strings.Join(foldClaims(claimRows(a)), "\n     "), "none")
	}
	return fmt.Sprintf("want %s\nhave %s", told(want), told(have))
}
