package main

import (
	"slices"
	"strings"
)

// candidate is a text that may stand where the cursor is, and why one would choose it.
type candidate struct{ text, about string }

// complete offers what may stand at the end of a text: candidates for the bytes from start on.
func (s *session) complete(text string) (found []candidate, start int) {
	if err := s.arrive(false); err != nil || !s.here() {
		return nil, len(text)
	}
	at := len(text) - len(strings.TrimLeft(text, " \t\n"))
	if at < len(text) && text[at] == ':' {
		return s.completeCommand(text, at)
	}
	return s.completeExpr(text, at)
}

func (s *session) completeCommand(text string, at int) ([]candidate, int) {
	if !strings.ContainsAny(text[at:], " \t\n") {
		return fitting(commandCandidates(":"), text[at:]), at
	}
	c, from, ok := cutCommand(text)
	if !ok {
		return nil, len(text)
	}
	word := strings.LastIndexAny(text, " \t\n") + 1
	first := strings.TrimSpace(text[from:word]) == ""
	switch c.takes {
	case takesExpr:
		return s.completeExpr(text, from)
	case takesPair:
		for _, q := range questions() {
			if at, ok := separated(text[from:], q.sign); ok && q.name == c.name {
				from += at + len(q.sign)
			}
		}
		return s.completeExpr(text, from)
	case takesDeviceExpr:
		if first {
			return s.deviceCandidates(text[word:]), word
		}
		rest := strings.TrimLeft(text[from:], " \t")
		return s.completeExpr(text, len(text)-len(rest)+strings.IndexAny(rest, " \t"))
	case takesKey:
		known := s.keyCandidates()
		if len(s.ground.reality.Slots) > 0 {
			known = append(known, s.elementKeys()...)
		}
		return fitting(known, text[word:]), word
	case takesName:
		return append(fitting(s.nameCandidates(), text[word:]), s.deviceCandidates(text[word:])...), word
	case takesCommand:
		return fitting(slices.Concat(commandCandidates(""), codeCandidates()), text[word:]), word
	case takesSetting:
		return fitting(s.settingCandidates(strings.TrimSpace(text[from:word])), text[word:]), word
	case takesText:
		if c.name == "watch" || c.name == "let" {
			return s.completeExpr(text, from)
		}
	case takesImport:
		if first {
			return fitting(languageCandidates(), text[word:]), word
		}
	case takesExport:
		if first {
			return fitting([]candidate{{"k8s ", "label selectors of Kubernetes"}}, text[word:]), word
		}
		_, expr := cutLanguage(call{text, from})
		return s.completeExpr(text, expr)
	case takesNothing, takesFile:
	}
	return nil, len(text)
}

// fitting are the candidates that start with what is typed.
func fitting(all []candidate, typed string) []candidate {
	var out []candidate
	for _, c := range all {
		if strings.HasPrefix(c.text, typed) && c.text != typed {
			out = append(out, c)
		}
	}
	return out
}
