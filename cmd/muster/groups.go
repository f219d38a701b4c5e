package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// verbGroups put the verbs under what a person is after, in the order in which one comes to need them.
// A verb that no group has is listed last.
var verbGroups = []struct{ title, verbs string }{
	{"Ask", "query repl explain analyze import export snapshot"},
	{"Write a World", "validate test fmt diff merge schema"},
	{"Plan", "plan show why what-if drift simulate freeze approve"},
	{"Judge", "gate policy"},
	{"Apply", "apply rollout status halt resume"},
	{"Look at devices", "device logs doctor secret"},
	{"People and devices", "login logout whoami key enroll revoke decommission audit"},
	{"Run a fleet", "dev server serve kube bench"},
}

// sortVerbs sorts the verbs of a command into the groups.
func sortVerbs(root *cobra.Command) {
	for _, g := range verbGroups {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title + ":"})
		for _, name := range strings.Fields(g.verbs) {
			if cmd, _, err := root.Find([]string{name}); err == nil && cmd != root {
				cmd.GroupID = g.title
			}
		}
	}
}
