package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// contents is what a valid World declares.
type contents struct {
	World       string `json:"world"`
	Digest      string `json:"digest"`
	Devices     int    `json:"devices"`
	Fleets      int    `json:"fleets"`
	Deployments int    `json:"deployments"`
	Assignments int    `json:"assignments"`
	Policies    int    `json:"policies"`
	// Theorems are proved of all devices, or the World would not have loaded.
	Theorems int `json:"theorems"`
}

func validateCommand(c *console) *cobra.Command {
	var dir, policies string
	from := source{console: c, offline: true}
	cmd := &cobra.Command{
		Use:   "validate -w DIR",
		Short: "check that a World loads and its policies compile",
		Long: `validate reads a World and compiles its policies. Everything that is wrong is told at once,
each with its place and the fix, and the exit code is 1; else it prints what the World declares.

It looks at all devices there could be: two rules that can clash on one of them, rules that never
apply, and theorems (Policy documents with never) that do not hold are told with such a device.
In a World with strict: true each of these is an error; a theorem that does not hold always is.

With --roster, --snapshot or --nats it looks at those devices too: labels and values in Fleets and
Assignments that no device has, and devices that are let in as they lack a key, are told alike.`,
		Example: `  muster validate -w worlds/shop
  muster validate -w worlds/shop -p policies
  muster validate -w worlds/shop --snapshot fleet.snapshot
  muster validate -w worlds/shop -o json`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	worldFlag(cmd, &dir)
	policiesFlag(cmd, &policies)
	from.addFlags(cmd)
	output := outputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if dir == "" {
			return errors.New("validate: no World; name its directory by -w DIR")
		}
		world, err := c.loadWorld(dir)
		if err != nil {
			return err
		}
		rules, err := c.rules(world, dir, judging{dir: policies})
		if err != nil {
			return err
		}
		if from.given() {
			reality, err := from.reality(cmd.Context())
			if err != nil {
				return err
			}
			likely := under(dir, stand(world, true, reality).slips())
			if err := likely.Err(); err != nil {
				return err
			}
			c.diagnose(likely)
		}
		found := contents{dir, world.Digest().String(), len(world.Devices), len(world.Fleets),
			len(world.Deployments), len(world.Assignments), len(rules.gates), len(world.Theorems)}
		if output.value == "json" {
			return indented(c, found)
		}
		_, err = fmt.Fprintln(c.out, found)
		return err
	}
	return cmd
}

// String is one line for people.
func (c contents) String() string {
	parts := []string{
		counted(c.Devices, "device", "devices"),
		counted(c.Fleets, "fleet", "fleets"),
		counted(c.Deployments, "deployment", "deployments"),
		counted(c.Assignments, "assignment", "assignments"),
		counted(c.Policies, "policy", "policies"),
	}
	if c.Theorems > 0 {
		parts = append(parts, counted(c.Theorems, "theorem proved", "theorems proved"))
	}
	return c.World + ": ok: " + strings.Join(parts, ", ")
}
