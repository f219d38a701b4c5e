package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/planner/planfile"
)

func schemaCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "schema plan",
		Short: "print the JSON Schema of plan files",
		Long: `schema prints the JSON Schema of what plan --out and plan -o json write. A schema of one
format version fits the files of every later minor version.`,
		Example:   `  muster schema plan >plan.schema.json`,
		ValidArgs: []string{"plan"},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == "plan" {
				return nil
			}
			return fmt.Errorf("schema: name what it is of: muster schema plan")
		},
		RunE: func(*cobra.Command, []string) error {
			_, err := c.out.Write(planfile.Schema())
			return err
		},
	}
}
