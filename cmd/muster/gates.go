package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/policies"
)

// policiesFlag adds -p.
func policiesFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVarP(dir, "policies", "p", "", "`DIR` of policies besides the World's own")
	if err := cmd.MarkFlagDirname("policies"); err != nil {
		panic("muster: " + err.Error()) // the flag was added just above
	}
}

// stopsFlag adds --allow-stop.
func stopsFlag(cmd *cobra.Command, stops *int) {
	cmd.Flags().IntVar(stops, "allow-stop", 0, "let the plan stop an app on up to `N` devices, whatever share of them that is")
}

// gates compiles the World's own policies and those of a directory, which may be none.
func (c *console) gates(world algebra.World, worldDir, extraDir string) (policies.Gates, error) {
	gates, found := compile(world.Policies)
	found = under(worldDir, found)
	if extraDir != "" {
		extra, err := c.loadPolicies(extraDir, world)
		if err != nil {
			return nil, err
		}
		more, wrong := compile(extra)
		gates, found = append(gates, more...), append(found, wrong...)
	}
	if err := found.Err(); err != nil {
		return nil, err
	}
	c.diagnose(found)
	return gates, nil
}

// loadPolicies reads a directory of Policy documents, and of the Fleet documents they use.
// They stand apart from the World, so that they can judge any.
func (c *console) loadPolicies(dir string, world algebra.World) ([]algebra.Policy, error) {
	apart, err := c.loadWorld(dir)
	if err != nil {
		return nil, err
	}
	var wrong diag.List
	if others := len(apart.Devices) + len(apart.Deployments) + len(apart.Assignments); others > 0 {
		wrong = append(wrong, diag.Diagnostic{Severity: diag.Error, File: dir,
			Message: counted(others, "document that is no policy", "documents that are no policies"),
			Hint:    "-p names a directory of Policy documents, and of Fleets they use"})
	}
	own := map[string]algebra.Source{}
	for _, p := range world.Policies {
		own[p.Name] = p.Source
	}
	for i, p := range apart.Policies {
		p.Source.File = filepath.Join(dir, p.Source.File)
		apart.Policies[i] = p
		if first, ok := own[p.Name]; ok {
			wrong = append(wrong, diag.Diagnostic{Severity: diag.Error, File: p.Source.File, Line: p.Source.Line,
				Message: fmt.Sprintf("policy %s is declared by the World too, at %s", p.Name, first), Hint: "give one of them another name"})
		}
	}
	return apart.Policies, wrong.Err()
}
