package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/musterfleet/muster/policies"
)

// writeGitHub writes workflow commands, which GitHub shows as annotations at the lines of a
// pull request. It shows the first ten of each level of a step, so those of one line are one.
func writeGitHub(to io.Writer, g Gate) error {
	var b strings.Builder
	for _, f := range g.findings() {
		command := "notice"
		switch {
		case f.Waiver != "":
		case f.Level == policies.Deny:
			command = "error"
		case f.Level == policies.Warn:
			command = "warning"
		}
		fmt.Fprintf(&b, "::%s file=%s,line=%d,title=%s::%s\n", command, githubProperty(filepath.ToSlash(f.place.File)), f.place.Line,
			githubProperty(oneLine(f.Rule)), githubText(f.text(g)))
	}
	for _, line := range g.WaiverLines() {
		fmt.Fprintf(&b, "::notice title=waiver::%s\n", githubText(oneLine(line)))
	}
	fmt.Fprintf(&b, "Plan %s %s: %s\n", g.File.Metadata.Name, g.Verdict(), g.Summary())
	_, err := io.WriteString(to, b.String())
	return err
}

// githubText and githubProperty escape as actions/toolkit does: a message must not end its
// command, nor a property its list.
func githubText(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func githubProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
