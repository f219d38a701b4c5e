package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/importers"
)

func exportCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export LANGUAGE EXPR",
		Short: "say an expression in the language of another tool",
		Long: `export prints the selector of another tool that selects exactly the devices which the
expression denotes, or the part that has no counterpart there, and exits with 1. With - it
reads and prints lines as import does.`,
		Example: `  muster export k8s 'label("ring") in ("0", "1") & !has(label("hold"))'
  muster export k8s -w worlds/shop '@edge'`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(kubernetesCommand(c))
	return cmd
}

func kubernetesCommand(c *console) *cobra.Command {
	var dir string
	var output *choice
	cmd := &cobra.Command{
		Use:   "k8s EXPR|-",
		Short: "label selectors of Kubernetes",
		Long: `k8s prints a label selector, whose requirements must all hold. A choice between values of
one label is one; any other choice, an attribute or a pattern is none. With -w names of the
World may stand for what they mean.`,
		Example: `  muster export k8s 'label("ring") = "0" & label("site") != "lyon"'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("export k8s: %d expressions, want one; put it in single quotes", len(args))
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			var world algebra.World
			if dir != "" {
				var err error
				if world, err = c.loadWorld(dir); err != nil {
					return err
				}
			}
			empty, err := algebra.NewRoster(nil)
			if err != nil {
				return err
			}
			scope := stand(world, dir != "", algebra.Reality{Roster: empty}).scope()
			return translateAll(c, "export", args[0], output.value, func(text string) (string, error) {
				x, err := selectors.Parse(text)
				if err != nil {
					return "", err
				}
				bound, err := selectors.Bind(x, scope)
				if err != nil {
					return "", err
				}
				return importers.ToKubernetes(bound)
			})
		},
	}
	worldFlag(cmd, &dir)
	output = outputFlag(cmd, "text", "json")
	return cmd
}
