package analysis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// candidates are values that reach every region of a key, nicer ones first.
func (v *variable) candidates(o Options) ([]string, error) {
	var values []string
	if o.Seen != nil {
		values = o.Seen(v.key)
	}
	domain := selectors.DomainOf(v.key)
	if known := domain.Values(v.key); known != nil {
		return append(values, known...), nil
	}
	v.restrict()
	if !domain.IsText() {
		values = append(values, domain.Landmarks(v.constants(v.key))...)
		if !domain.IsInstant() && v.key.Name != "restarts" { // what counts and what tells time does it well
			values = append(values, "unreadable")
		}
		return slices.DeleteFunc(values, func(s string) bool { return s == "" }), nil
	}
	texts := v.texts()
	words, err := v.words(texts)
	return slices.Concat(values, words, texts), err
}

// constants are those of the atoms that read the key so.
func (v *variable) constants(as selectors.Key) []string {
	var out []string
	for _, a := range v.atoms {
		if a.key.Cast == as.Cast {
			out = append(out, a.constants...)
		}
	}
	return out
}

// texts are the constants that are compared as texts.
func (v *variable) texts() []string {
	var out []string
	for _, a := range v.atoms {
		if a.listed {
			out = append(out, a.constants...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Texts that ids and apps are made of.
const (
	labelPattern = `[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?`
	// A part of an id has at most 63 characters too. Counting them in each would multiply the
	// states; an id that needs a longer part is refused when it is tried.
	idPattern = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	longestID = 253
	longest   = 63
)

// restrict notes which texts the key cannot have.
func (v *variable) restrict() {
	switch {
	case v.key.Label:
	case v.key.Name == "id":
		v.forbids = func(s string) bool {
			return len(s) > longestID || slices.ContainsFunc(strings.Split(s, "."), notLabel)
		}
	case v.key.Name == "app":
		v.forbids = notLabel
	case v.key.Name == "restarts":
		v.forbids = func(s string) bool { return s[0] == '-' }
	}
}

func notLabel(s string) bool {
	return s == "" || len(s) > longest || s[0] == '-' || s[len(s)-1] == '-' ||
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != ""
}

// words are texts for every region that the constants do not reach.
func (v *variable) words(texts []string) ([]string, error) {
	casts := v.casts()
	patterns := slices.ContainsFunc(v.atoms, func(a atom) bool { return a.pattern != "" })
	samples := v.samples()
	switch {
	case patterns || len(casts) > 1:
		return v.automatonWords(texts, casts, samples)
	case len(samples) > 0:
		return v.sampledWords(texts, samples, numbered(v.fresh(texts)))
	}
	var words []string
	for n := range max(v.copies, 1) {
		words = append(words, v.fresh(slices.Sorted(slices.Values(slices.Concat(texts, words[:n])))))
	}
	for _, cast := range casts {
		k := v.key
		k.Cast = cast
		for _, w := range selectors.DomainOf(k).Landmarks(v.constants(k)) {
			words = append(words, respelled(w, cast, texts)...)
		}
	}
	return words, nil
}

// casts are the ways in which the key's text is read.
func (v *variable) casts() []selectors.Cast {
	var out []selectors.Cast
	for _, a := range v.atoms {
		if c := a.key.Cast; c != selectors.NoCast && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// fresh is a text that is no constant, and reads as nothing but text.
func (v *variable) fresh(texts []string) string {
	base := "other"
	switch v.key.Name {
	case "id":
		base = "device"
	case "app":
		base = "app"
	}
	word := base
	for n := 2; contains(texts, word); n++ {
		word = fmt.Sprintf("%s-%d", base, n)
	}
	return word
}

func contains(sorted []string, s string) bool {
	_, ok := slices.BinarySearch(sorted, s)
	return ok
}

// respelled is a value, and spellings of it of which one is no constant.
func respelled(w string, cast selectors.Cast, texts []string) []string {
	out := []string{w}
	if !contains(texts, w) {
		return out
	}
	other := w
	for range len(texts) + 1 {
		switch {
		case cast == selectors.AsVersion && !strings.Contains(other, "+"):
			other += "+b"
		case cast == selectors.AsVersion:
			other += "1"
		case cast == selectors.AsNumber && !strings.Contains(other, "."):
			other += ".0"
		case cast == selectors.AsNumber:
			other += "0"
		default:
			return append(out, addressSpellings(w)...)
		}
		if !contains(texts, other) {
			return append(out, other)
		}
	}
	return out
}
