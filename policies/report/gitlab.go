package report

import (
	"fmt"
	"io"
	"path"
	"path/filepath"

	"github.com/musterfleet/muster/policies"
)

// issue is one entry of GitLab's code quality report.
type issue struct {
	Description string        `json:"description"`
	CheckName   string        `json:"check_name"`
	Fingerprint string        `json:"fingerprint"`
	Severity    string        `json:"severity"`
	Location    issueLocation `json:"location"`
}

type issueLocation struct {
	Path  string `json:"path"`
	Lines struct {
		Begin int `json:"begin"`
	} `json:"lines"`
}

// writeGitLab writes the code quality report. A waived violation is an entry of severity info.
func writeGitLab(to io.Writer, g Gate) error {
	out, seen := []issue{}, map[string]int{}
	for _, f := range g.findings() {
		print := fingerprint(f)
		if seen[print]++; seen[print] > 1 { // they must differ, or only one is shown
			print = fmt.Sprintf("%s-%d", print, seen[print])
		}
		i := issue{Description: f.text(g), CheckName: f.Rule, Fingerprint: print, Severity: "info",
			Location: issueLocation{Path: path.Clean(filepath.ToSlash(f.place.File))}}
		i.Location.Lines.Begin = f.place.Line
		switch {
		case f.Waiver != "":
		case f.Level == policies.Deny:
			i.Severity = "blocker"
		case f.Level == policies.Warn:
			i.Severity = "minor"
		}
		out = append(out, i)
	}
	return indented(to, out)
}
