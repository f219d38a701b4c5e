package main

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// mostCandidates is how many values or devices are offered at once.
const mostCandidates = 50

const onNone = "on no device"

func languageCandidates() []candidate {
	var out []candidate
	for _, t := range translators() {
		out = append(out, candidate{t.name + " ", t.title})
	}
	return out
}

func (s *session) elementKeys() []candidate {
	var out []candidate
	for _, k := range selectors.ElementKeys() {
		out = append(out, candidate{k, "of what runs"})
	}
	return out
}

func (s *session) attributeCandidates() []candidate {
	var out []candidate
	for _, name := range selectors.AttributeNames() {
		out = append(out, candidate{name, s.setOn(selectors.Key{Name: name})})
	}
	return out
}

func (s *session) setOn(k selectors.Key) string {
	n := s.ground.having(k)
	if n == 0 {
		return onNone
	}
	return fmt.Sprintf("set on %d/%d", n, s.ground.roster.Len())
}

// labelCandidates close the text and the parenthesis after the key.
func (s *session) labelCandidates() []candidate {
	var out []candidate
	for _, name := range s.scope.LabelKeys {
		out = append(out, candidate{strconv.Quote(name) + ")", s.setOn(selectors.Key{Label: true, Name: name})})
	}
	return out
}

func (s *session) keyCandidates() []candidate {
	out := s.attributeCandidates()
	for _, name := range s.scope.LabelKeys {
		k := selectors.Key{Label: true, Name: name}
		out = append(out, candidate{k.String(), s.setOn(k)})
	}
	return out
}

// valueCandidates are the values of a key, the most frequent first, bare where they can be.
func (s *session) valueCandidates(key string) []candidate {
	k, ok := keyOf(key)
	if !ok {
		return nil
	}
	var out []candidate
	for _, v := range s.valuesOf(algebra.Key{Label: k.Label, Name: k.Name}) {
		if len(out) == mostCandidates {
			break
		}
		text := strconv.Quote(v.value)
		if !k.Label || k.Cast != selectors.NoCast {
			if s.compares(key, "= "+v.value) {
				text = v.value
			} else if !s.compares(key, "= "+text) {
				continue // a value that cannot be read as what the key is
			}
		}
		out = append(out, candidate{text, counted(v.count, "device", "devices")})
	}
	return out
}

func (s *session) nameCandidates() []candidate {
	var out []candidate
	for _, d := range s.ground.definitions() {
		out = append(out, candidate{"@" + d.Name, fmt.Sprintf("%s, %s", sortWord(d.Expr), counted(s.size(d.Name, d.Expr), "device", "devices"))})
	}
	for _, l := range s.lets {
		out = append(out, candidate{"@" + l.name, fmt.Sprintf("%s, %s", sortWord(l.bound), counted(s.size(l.name, l.bound), "device", "devices"))})
	}
	return out
}

// deviceCandidates are the devices whose names start with what is typed.
func (s *session) deviceCandidates(typed string) []candidate {
	r := s.ground.roster
	first := sort.Search(r.Len(), func(i int) bool { return r.ID(uint32(i)).String() >= typed })
	var out []candidate
	for i := first; i < r.Len() && len(out) < mostCandidates && strings.HasPrefix(r.ID(uint32(i)).String(), typed); i++ {
		out = append(out, candidate{r.ID(uint32(i)).String(), ""})
	}
	return out
}

func (s *session) deploymentCandidates() []candidate {
	var out []candidate
	for _, d := range s.ground.world.Deployments {
		out = append(out, candidate{d.Ref().String() + "}", ""})
	}
	return out
}

func commandCandidates(lead string) []candidate {
	var out []candidate
	for _, c := range commands() {
		text := lead + c.name
		if c.args != "" && lead != "" {
			text += " "
		}
		out = append(out, candidate{text, c.about})
	}
	return out
}

func codeCandidates() []candidate {
	out := []candidate{{codes, "the codes of errors"}}
	for _, m := range selectors.Mistakes() {
		out = append(out, candidate{string(m.Code), m.Title})
	}
	return out
}

func (s *session) settingCandidates(name string) []candidate {
	var out []candidate
	switch name {
	case "":
		for _, set := range s.settings() {
			out = append(out, candidate{set[0] + " ", "now " + set[1]})
		}
	case "format":
		for _, f := range formats {
			out = append(out, candidate{f, ""})
		}
	case "timing":
		out = []candidate{{"on", ""}, {"off", ""}}
	case "columns":
		for _, k := range s.ground.roster.Keys() {
			out = append(out, candidate{column(k), ""})
		}
	}
	return out
}
