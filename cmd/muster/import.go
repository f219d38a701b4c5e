package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// translator is one language that selectors come from.
type translator struct {
	name, title, about, example string
	// flags adds what the language needs besides the text. Nil where the text is enough.
	flags func(cmd *cobra.Command, r *importing)
}

// translators are the languages, in the order of help.
func translators() []translator {
	return []translator{
		{name: "k8s", title: "label selectors of Kubernetes",
			about:   "Keys are labels. The empty text selects everything. Numbers compared by > and < are whole, as there.",
			example: `muster import k8s 'ring in (0,1),!hold,slots>3'`},
		{name: "ansible", title: "host patterns, and inventories", flags: ansibleFlags,
			about: `All patterns are united, then intersected with those after &, then those after ! are taken away.
Without an inventory a name is a group, @web, and one with a dot a device. With one, names that it lacks are
refused, and groups become their hosts, or labels or names by --as. With --roster the inventory itself is
printed: its hosts as devices, one a line, with their groups and variables as labels.`,
			example: `muster import ansible 'web:prod:&east:!old'
  muster import ansible --inventory hosts.ini 'web*:!web[0]'
  muster import ansible --inventory hosts.ini --roster > devices.jsonl`},
		{name: "nodeset", title: "extended nodesets of ClusterShell", flags: nodesetFlags,
			about: `Operators , ! & ^ are all equal and read from the left. Without groups @gpu is the name @gpu, @src:gpu
is @src.gpu and @* is all; with a file of groups they are its nodes.`,
			example: `muster import nodeset '@gpu,@web&@prod!n[1-3]'
  muster import nodeset --groups cluster.yaml '@racks:rack[3-4]'`},
		{name: "bexpr", title: "expressions of go-bexpr",
			about:   "Meta.KEY, Labels.KEY or KEY is a label, ID and Name the device's name, Tags its tags.",
			example: `muster import bexpr 'Meta.site == "lyon" and "gpu" in Tags'`},
		{name: "salt", title: "compound targets of Salt",
			about:   "Grains and pillar are the labels of the same name, N@group is @group; parentheses stand between spaces.",
			example: `muster import salt 'G@role:web and not ( E@old or S@10.0.0.0/8 )'`},
	}
}

// importing is the flags of one import.
type importing struct {
	console   *console
	language  string
	output    *choice
	inventory string
	groups    string
	as        *choice
	unknown   bool
	roster    bool
}

func importCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import LANGUAGE EXPR",
		Short: "say a selector of another tool in muster's language",
		Long: `import prints the expression that admits exactly the devices which the other tool would
select, or the reason why there is none, and exits with 1.

With - it reads one expression a line and prints one JSON object a line:
{"in": the line, "out": the expression or null, "error": null or the reason}.`,
		Example: `  muster import k8s 'ring in (0,1),!hold'
  muster import ansible 'web:prod:&east:!old'
  muster import nodeset - < nodesets.txt`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, t := range translators() {
		cmd.AddCommand(languageCommand(c, t))
	}
	return cmd
}

func languageCommand(c *console, t translator) *cobra.Command {
	r := &importing{console: c, language: t.name}
	cmd := &cobra.Command{
		Use:               t.name + " EXPR|-",
		Short:             t.title,
		Long:              t.name + " reads " + t.title + ".\n" + t.about,
		Example:           "  " + t.example,
		ValidArgsFunction: cobra.NoFileCompletions,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case r.roster && len(args) > 0:
				return fmt.Errorf("import %s: --roster prints the inventory and takes no expression", t.name)
			case r.roster && r.inventory == "":
				return fmt.Errorf("import %s: --roster needs --inventory FILE", t.name)
			case r.roster || len(args) == 1:
				return nil
			case len(args) == 0:
				return fmt.Errorf("import %s: no expression; write for example %s", t.name, strings.SplitN(t.example, "\n", 2)[0])
			}
			return fmt.Errorf("import %s: %d expressions, want one; put it in single quotes", t.name, len(args))
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if r.roster {
				return r.printRoster()
			}
			return r.run(args[0])
		},
	}
	if t.flags != nil {
		t.flags(cmd, r)
	}
	r.output = outputFlag(cmd, "text", "json")
	return cmd
}

func ansibleFlags(cmd *cobra.Command, r *importing) {
	cmd.Flags().StringVar(&r.inventory, "inventory", "", "`FILE` of hosts and groups: INI, YAML, what ansible-inventory --list prints, a roster of JSON lines, or CSV")
	cmd.Flags().BoolVar(&r.roster, "roster", false, "print the inventory's hosts as devices")
	cmd.Flags().BoolVar(&r.unknown, "unknown", false, "let names pass that the inventory lacks: they match nothing")
	r.as = wordFlag(cmd, "as", "what groups become: hosts (default), labels (default of a roster) or fleets", "hosts", "labels", "fleets")
}

func nodesetFlags(cmd *cobra.Command, r *importing) {
	cmd.Flags().StringVar(&r.groups, "groups", "", "`FILE` of ClusterShell's groups: YAML, or lines of group: nodes")
}

// wordFlag adds a flag that takes one of a few words and is empty if it is not given.
func wordFlag(cmd *cobra.Command, name, usage string, known ...string) *choice {
	o := &choice{known: known}
	cmd.Flags().Var(o, name, usage)
	complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return known, cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc(name, complete); err != nil {
		panic("muster: " + err.Error()) // the flag was added just above
	}
	return o
}

// run translates one expression, or each line of the input.
func (r *importing) run(arg string) error {
	translate, err := r.translation()
	if err != nil {
		return err
	}
	return translateAll(r.console, "import", arg, r.output.value, translate)
}
