package main

import (
	"github.com/spf13/cobra"
)

func policyCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy VERB",
		Short: "check, test and try out policies",
		Long: `policy works on a directory of policies by itself: Policy documents in CEL or Rego, .rego
modules, and the PolicyTest documents, Waivers and Environments that stand beside them.`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(policyCheckCommand(c), policyTestCommand(c), policyLibraryCommand(c), policyFixturesCommand(c), policyReplayCommand(c))
	return cmd
}
