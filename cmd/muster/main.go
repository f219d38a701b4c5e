package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/musterfleet/muster/selectors"
)

// exit is an outcome that is no error: it has been told already and only sets the exit code.
type exit int

// The exit codes beside 0 and 1.
const (
	changed  exit = 2
	denied   exit = 3
	stale    exit = 4
	conflict exit = 5
)

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is muster as a function: it returns the exit code.
func run(args []string, in io.Reader, out, errw io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := &console{in: in, out: out, errw: errw}
	root := rootCommand(c)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errw)
	err := root.ExecuteContext(ctx)
	var code exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	c.report(err)
	return 1
}

func rootCommand(c *console) *cobra.Command {
	root := &cobra.Command{
		Use:   "muster",
		Short: "a policy-and-query engine for fleets of devices",
		Long: `muster plans what takes a fleet of devices to what is declared, has policies judge the
plan, and carries out an approved one.

Exit codes: 0 ok, 1 error, 2 changes, 3 denied, 4 stale, 5 conflict.`,
		Args:          knownVerb,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().BoolVar(&c.plain, "no-color", false, "never colour; the variable NO_COLOR does the same")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(helpCommand())
	root.Version = readBuild().String()
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(
		analyzeCommand(c),
		applyCommand(c),
		approveCommand(c),
		auditCommand(c),
		benchCommand(c),
		decommissionCommand(c),
		devCommand(c), serverCommand(c),
		deviceCommand(c),
		diffCommand(c),
		doctorCommand(c),
		driftCommand(c),
		enrollCommand(c),
		explainCommand(c),
		exportCommand(c),
		fmtCommand(c),
		freezeCommand(c),
		gateCommand(c),
		haltCommand(c),
		importCommand(c),
		keyCommand(c),
		kubeCommand(c),
		loginCommand(c),
		logsCommand(c),
		logoutCommand(c),
		mergeCommand(c),
		packageFilesCommand(),
		planCommand(c),
		policyCommand(c),
		simulateCommand(c),
		queryCommand(c),
		replCommand(c),
		resumeCommand(c),
		revokeCommand(c),
		rolloutCommand(c),
		schemaCommand(c),
		secretCommand(c),
		serveCommand(c),
		showCommand(c),
		snapshotCommand(c),
		statusCommand(c),
		testCommand(c),
		validateCommand(c),
		versionCommand(c),
		whatIfCommand(c),
		whoamiCommand(c),
		whyCommand(c),
	)
	sortVerbs(root)
	return root
}

// knownVerb refuses what is no verb of cmd, with the verb that was likely meant.
func knownVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("unknown command %q; %s", args[0], suggest(args[0], subcommands(cmd), cmd.CommandPath()+" --help lists them"))
}

func subcommands(cmd *cobra.Command) []string {
	var known []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			known = append(known, sub.Name())
		}
	}
	return known
}

// helpCommand is help VERB, which says the same as VERB --help, and help CODE, which explains
// what the code of an error means.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [VERB | CODE]",
		Short: "what a verb does, or what the code of an error means; help codes lists those",
		Example: `  muster help query
  muster help S034`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && explainCode(cmd.OutOrStdout(), args[0]) {
				return nil
			}
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return knownVerb(cmd.Root(), args)
			}
			return about.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return append(subcommands(cmd.Root()), codeWords()...), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// flagError says what is wrong with a flag, and what was likely meant.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
		name := "--" + unknown.GetSpecifiedName()
		return fmt.Errorf("unknown flag %s; %s", name, suggest(name, known, cmd.CommandPath()+" --help lists them"))
	case errors.As(err, &unknown):
		return fmt.Errorf("unknown flag -%s; %s --help lists them", unknown.GetSpecifiedName(), cmd.CommandPath())
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s %s: %w", invalid.GetFlag().Name, invalid.GetValue(), invalid.Unwrap())
	}
	return err
}

// suggest is the known word that was likely meant, else other.
func suggest(word string, known []string, other string) string {
	if near, ok := selectors.Nearest(word, known); ok {
		return "did you mean " + near + "?"
	}
	return other
}

// choice is a flag that takes one of a few words.
type choice struct {
	value string
	known []string
	also  map[string]string // other spellings
}

// outputFlag adds -o with these formats, the first being the default.
func outputFlag(cmd *cobra.Command, known ...string) *choice {
	o := &choice{value: known[0], known: known, also: map[string]string{"name": "names"}}
	cmd.Flags().VarP(o, "output", "o", "one of "+strings.Join(known, ", "))
	complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return known, cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc("output", complete); err != nil {
		panic("muster: " + err.Error()) // the flag was added just above
	}
	return o
}

func (o *choice) String() string { return o.value }

func (o *choice) Type() string { return "format" }

// Set takes a known word.
func (o *choice) Set(s string) error {
	if known, ok := o.also[s]; ok && slices.Contains(o.known, known) {
		s = known
	}
	if !slices.Contains(o.known, s) {
		return fmt.Errorf("unknown format; known: %s", strings.Join(o.known, ", "))
	}
	o.value = s
	return nil
}
