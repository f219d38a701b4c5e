package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
)

// parseDevices reads a line of devices: names, folded or not, and what they all have.
//
//	edge-[001-003] arch=aarch64 label.site=berlin label.note="in the cellar"
func parseDevices(name string, l testLine) ([]algebra.Device, diag.List) {
	fail := func(at, end int, message, hint string) ([]algebra.Device, diag.List) {
		return nil, diag.List{diag.Source{File: name, Line: l.line, Text: l.raw, Offset: len(l.raw) - len(l.text)}.At(at, end, message, hint)}
	}
	words, ends := deviceWords(l.text)
	names, err := selectors.ExpandNodes(words[0])
	if err != nil {
		return fail(0, ends[0], err.Error(), "write for example edge-[001-003] arch=aarch64")
	}
	labels, facts := map[string]string{}, map[string]string{}
	for i, word := range words[1:] {
		end := ends[i+1]
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			return fail(end-len(word), end, word+" is no key=value", "write for example arch=aarch64 or label.site=berlin")
		}
		if strings.HasPrefix(value, `"`) {
			if value, err = strconv.Unquote(value); err != nil {
				return fail(end-len(word), end, "a text without its closing quote, or with a bad escape", `write \" for a quote and \\ for a backslash`)
			}
		}
		if label, ok := strings.CutPrefix(key, "label."); ok {
			labels[label] = value
			continue
		}
		if !slices.Contains(selectors.AttributeNames(), key) {
			return fail(end-len(word), end, "unknown fact "+key, suggest(key, selectors.AttributeNames(), "for a label write label."+key))
		}
		facts[key] = value
	}
	var out []algebra.Device
	for _, n := range names {
		id, err := algebra.ParseDeviceID(n)
		if err != nil {
			return fail(0, ends[0], err.Error(), "")
		}
		out = append(out, algebra.Device{ID: id, Labels: labels, Facts: facts})
	}
	return out, nil
}

// deviceWords cuts a line at blanks outside quotes, and says where each word ends.
func deviceWords(text string) (words []string, ends []int) {
	quoted := false
	start := -1
	for i := 0; i <= len(text); i++ {
		blank := i == len(text) || !quoted && (text[i] == ' ' || text[i] == '\t')
		switch {
		case blank && start >= 0:
			words, ends, start = append(words, text[start:i]), append(ends, i), -1
		case !blank && start < 0:
			start = i
		}
		if i < len(text) && text[i] == '"' && (i == 0 || text[i-1] != '\\') {
			quoted = !quoted
		}
	}
	return words, ends
}

// merged lays later lines over earlier ones: a device may be told in several.
func merged(have []algebra.Device, more []algebra.Device) []algebra.Device {
	at := map[algebra.DeviceID]int{}
	for i, d := range have {
		at[d.ID] = i
	}
	for _, d := range more {
		i, ok := at[d.ID]
		if !ok {
			at[d.ID] = len(have)
			have = append(have, algebra.Device{ID: d.ID, Labels: map[string]string{}, Facts: map[string]string{}})
			i = len(have) - 1
		}
		for k, v := range d.Labels {
			have[i].Labels[k] = v
		}
		for k, v := range d.Facts {
			have[i].Facts[k] = v
		}
	}
	return have
}

// expectation says how an answer differs from what is expected below an eval; empty if it
// does not.
func expectation(s *session, b *selectors.Bound, body []testLine) string {
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
