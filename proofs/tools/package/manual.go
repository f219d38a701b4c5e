package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// agentManual is the manual of the agent, made of what it says of itself: its verbs are few and
// its flags are Go's, so that there is no tree to walk.
func (r release) agentManual(binary string) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, ".TH MUSTER-AGENT 8 %s muster\n.SH NAME\nmuster-agent \\- run on a device what its fleet's operators signed\n", r.made.Format("2006-01-02"))
	fmt.Fprint(&b, ".SH SYNOPSIS\n.B muster-agent\n.I VERB\n[\n.I OPTION\n]...\n")
	for _, of := range []struct {
		title string
		args  []string
	}{{"DESCRIPTION", []string{"help"}}, {"RUN", []string{"run", "--help"}}, {"JOIN", []string{"join", "--help"}}, {"RENEW", []string{"renew", "--help"}}} {
		out, err := exec.Command(binary, of.args...).CombinedOutput()
		if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
			return nil, err
		}
		fmt.Fprintf(&b, ".SH %s\n.nf\n%s.fi\n", of.title, roff(string(out)))
	}
	fmt.Fprint(&b, ".SH SEE ALSO\n.BR muster (1)\n")
	return b.Bytes(), nil
}

// roff is a text in which nothing is a request or an escape.
func roff(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(strings.ReplaceAll(line, "\t", "        "))
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			line = `\&` + line
		}
		b.WriteString(line)
	}
	return b.String()
}
