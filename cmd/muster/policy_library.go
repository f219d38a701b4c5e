package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/policies/library"
)

func policyLibraryCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "library [NAME...]",
		Short: "list ready policies, or print some to make them yours",
		Long: `library lists the policies that come with muster. With names it prints these, as documents to
keep in a directory for -p and to change there: each says what it is for, and has its parameters
in it. They are in CEL; --lang rego prints the same in Rego, and --tests their tests, which fit both.`,
		Example: `  muster policy library
  muster policy library no-latest memory-limits >policies/images.yaml
  muster policy library no-latest memory-limits --tests >policies/images_test.yaml
  muster policy library site-disruption --lang rego`,
	}
	output := outputFlag(cmd, "table", "json", "names")
	lang := &choice{value: "cel", known: []string{"cel", "rego"}}
	cmd.Flags().Var(lang, "lang", "the language: cel or rego")
	tests := cmd.Flags().Bool("tests", false, "print the tests, not the policies")
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return libraryNames(), cobra.ShellCompDirectiveNoFileComp
	}
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return c.printPolicies(args, lang.value, *tests)
		}
		switch all := library.All(); output.value {
		case "json":
			return indented(c, all)
		case "names":
			_, err := fmt.Fprintln(c.out, strings.Join(libraryNames(), "\n"))
			return err
		default:
			var rows [][]string
			for _, p := range all {
				rows = append(rows, []string{p.Name, p.Level, p.Scope, p.Message})
			}
			return table(c.out, []string{"POLICY", "LEVEL", "SCOPE", "SAYS"}, rows)
		}
	}
	return cmd
}

func libraryNames() []string {
	var out []string
	for _, p := range library.All() {
		out = append(out, p.Name)
	}
	return out
}

// printPolicies prints documents, as one file.
func (c *console) printPolicies(names []string, lang string, tests bool) error {
	known := map[string]library.Policy{}
	for _, p := range library.All() {
		known[p.Name] = p
	}
	var texts []string
	for _, name := range names {
		p, ok := known[name]
		switch {
		case !ok:
			return fmt.Errorf("policy library: there is no %s; %s", name, suggest(name, libraryNames(), "muster policy library lists all"))
		case tests:
			texts = append(texts, p.Tests)
		case lang == "rego":
			texts = append(texts, p.Rego)
		default:
			texts = append(texts, p.CEL)
		}
	}
	_, err := fmt.Fprint(c.out, strings.Join(texts, "---\n"))
	return err
}
