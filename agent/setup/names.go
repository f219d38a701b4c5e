package setup

import (
	"errors"
	"strings"
)

const (
	namesBegin = "# muster: begin\n"
	namesEnd   = "# muster: end\n"
)

// Names is a step that the hosts file has the lines given, between two markers; all other
// lines are left as they are.
func Names(lines ...string) Step {
	return place{name: "names", path: "/etc/hosts", account: "root", want: func(now Entry, found bool) (Entry, error) {
		text, err := mergeNames(string(now.Data), lines)
		if !found {
			now.Mode = 0o644
		}
		now.Data = []byte(text)
		return now, err
	}}
}

func mergeNames(text string, lines []string) (string, error) {
	if strings.Count(text, namesBegin) > 1 || strings.Count(text, namesBegin) != strings.Count(text, namesEnd) {
		return "", errors.New("the lines \"# muster: begin\" and \"# muster: end\" are not one pair; remove them")
	}
	ours := namesBegin + strings.Join(append(lines[:len(lines):len(lines)], ""), "\n") + namesEnd
	before, rest, found := strings.Cut(text, namesBegin)
	if !found {
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		return text + ours, nil
	}
	_, after, found := strings.Cut(rest, namesEnd)
	if !found {
		return "", errors.New("\"# muster: end\" stands before \"# muster: begin\"; remove both")
	}
	return before + ours + after, nil
}
