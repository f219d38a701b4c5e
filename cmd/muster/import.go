package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/importers"
	"github.com/musterfleet/muster/selectors/importers/inventory"
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

// translation is the function that reads the language, with the files it needs.
func (r *importing) translation() (func(string) (string, error), error) {
	var options importers.AnsibleOptions
	var groups *importers.Groups
	switch {
	case r.inventory != "":
		v, err := r.readInventory()
		if err != nil {
			return nil, err
		}
		options = importers.AnsibleOptions{Inventory: v, Names: meaningOf[r.as.value], Unknown: r.unknown}
	case r.as != nil && (r.as.value != "" || r.unknown):
		return nil, fmt.Errorf("import %s: --as and --unknown are about an inventory; give it with --inventory FILE", r.language)
	case r.groups != "":
		b, err := r.console.read(r.groups)
		if err != nil {
			return nil, fmt.Errorf("groups: %w", err)
		}
		if groups, err = importers.ReadGroups(b); err != nil {
			return nil, fmt.Errorf("%s: %w", shown(r.groups), err)
		}
	}
	return func(text string) (string, error) {
		x, err := translate(r.language, text, options, groups)
		if err != nil {
			return "", err
		}
		return selectors.Print(x), nil
	}, nil
}

var meaningOf = map[string]importers.Names{"hosts": importers.AsHosts, "labels": importers.AsLabels, "fleets": importers.AsFleets}

// translate reads an expression of a language.
func translate(language, text string, options importers.AnsibleOptions, groups *importers.Groups) (selectors.Expr, error) {
	switch language {
	case "k8s":
		return importers.Kubernetes(text)
	case "ansible":
		return importers.Ansible(text, options)
	case "nodeset":
		return importers.Nodeset(text, groups)
	case "bexpr":
		return importers.Bexpr(text)
	case "salt":
		return importers.Salt(text)
	}
	var known []string
	for _, t := range translators() {
		known = append(known, t.name)
	}
	return nil, fmt.Errorf("unknown language %q; %s", language, suggest(language, known, "known: "+strings.Join(known, ", ")))
}

func (r *importing) readInventory() (*inventory.Inventory, error) {
	b, err := r.console.read(r.inventory)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	v, err := inventory.Read(r.inventory, b)
	if err != nil {
		return nil, fmt.Errorf("inventory %s: %w", shown(r.inventory), err)
	}
	return v, nil
}

// translated is one line of the answer to many expressions.
type translated struct {
	In    string  `json:"in"`
	Out   *string `json:"out"`
	Error *string `json:"error"`
}

func translateOne(text string, translate func(string) (string, error)) translated {
	out, err := translate(text)
	if err == nil {
		return translated{In: text, Out: &out}
	}
	why := err.Error()
	var list diag.List
	if errors.As(placed(diag.Source{Line: 1, Text: text}, err), &list) && len(list) > 0 && list[0].Line > 0 {
		why = fmt.Sprintf("%d:%d: %s", list[0].Line, list[0].Col, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return translated{In: text, Error: &why}
}

// translateAll answers one expression in its format, or with - each line of the input as JSON.
func translateAll(c *console, verb, arg, format string, translate func(string) (string, error)) error {
	if arg == "-" {
		b, err := c.read(arg)
		if err != nil {
			return fmt.Errorf("%s: %w", verb, err)
		}
		w := bufio.NewWriter(c.out)
		for line := range strings.Lines(string(b)) {
			if err := jsonLine(w, translateOne(strings.TrimRight(line, "\r\n"), translate)); err != nil {
				return err
			}
		}
		return w.Flush()
	}
	if format == "json" {
		t := translateOne(arg, translate)
		if err := jsonLine(c.out, t); err != nil {
			return err
		}
		if t.Error != nil {
			return exit(1)
		}
		return nil
	}
	out, err := translate(arg)
	if err != nil {
		return placed(diag.Source{File: verb, Line: 1, Text: arg}, err)
	}
	_, err = fmt.Fprintln(c.out, out)
	return err
}
