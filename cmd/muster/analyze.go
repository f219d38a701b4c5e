package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/internal/diag"
)

// question is one verb of analyze, at the prompt and on the command line.
type question struct {
	name, args, about string
	example           string
	// sign separates its two expressions at the prompt; empty if there is one.
	sign string
	// claims says that it asks about rules; optional that without one it asks about the World.
	claims, optional bool
	// device says that the name of a device stands before the expression.
	device bool
	ask    func(a analyst, in asked) (answer, error)
}

// asked is what a question is about.
type asked struct {
	posed  []posed
	device string
	wide   int
}

// first is the only expression, or nil for the whole World.
func (in asked) first() *posed {
	if len(in.posed) == 0 {
		return nil
	}
	return &in.posed[0]
}

// questions are all there are, in the order of help.
func questions() []question {
	one := func(ask func(analyst, posed) (answer, error)) func(analyst, asked) (answer, error) {
		return func(a analyst, in asked) (answer, error) { return ask(a, in.posed[0]) }
	}
	two := func(ask func(a analyst, p, q posed) (answer, error)) func(analyst, asked) (answer, error) {
		return func(a analyst, in asked) (answer, error) { return ask(a, in.posed[0], in.posed[1]) }
	}
	rules := func(ask func(analyst, *posed) (answer, error)) func(analyst, asked) (answer, error) {
		return func(a analyst, in asked) (answer, error) { return ask(a, in.first()) }
	}
	return []question{
		{name: "sat", args: "EXPR", about: "whether any device can match, with one that does or the parts that clash",
			example: `'num(label("a")) < 3 & num(label("a")) > 3'`, ask: one(analyst.sat)},
		{name: "implies", args: "A => B", about: "whether every device in A is in B, or one that is not", sign: "=>",
			example: `'label("ring") = "0"' 'has(label("ring"))'`, ask: two(analyst.implies)},
		{name: "eq", args: "A ~ B", about: "whether A and B are the same devices, or one that only one has", sign: "~",
			example: `'!(arch = aarch64)' 'arch != aarch64'`, ask: two(analyst.eq)},
		{name: "overlap", args: "A , B", about: "whether a device can be in both, and which ones are", sign: ",",
			example: `'os.version >= 22.04' 'os.version < 24.04'`, ask: two(analyst.overlap)},
		{name: "conflicts", args: "[ASSIGNMENT]", about: "pairs of rules that can clash on a device", claims: true, optional: true,
			example: `-w worlds/shop`, ask: rules(analyst.conflicts)},
		{name: "cover", args: "[ASSIGNMENT]", about: "who gets what: the device space cut by deployment", claims: true, optional: true,
			example: `-w worlds/shop '@web'`, ask: rules(analyst.cover)},
		{name: "simplify", args: "EXPR", about: "a shorter expression of the same devices",
			example: `'arch = aarch64 | arch = aarch64 & mem > 1GiB'`, ask: one(analyst.simplify)},
		{name: "lint", args: "EXPR", about: "parts of an expression that do nothing, and what its negations let in",
			example: `'has(label("site")) & label("site") = "berlin"'`, ask: one(analyst.lint)},
		{name: "why", args: "DEVICE EXPR", about: "the parts that admit or refuse a device", device: true,
			example: `--roster devices.jsonl gw-7 '@edge | label("ring") = "0"'`,
			ask:     func(a analyst, in asked) (answer, error) { return a.why(in.device, in.posed[0], in.wide) }},
		{name: "whynot", args: "DEVICE EXPR", about: "the fewest changes of labels that would have it admitted", device: true,
			example: `--roster devices.jsonl gw-7 '@edge & label("ring") = "0"'`,
			ask:     func(a analyst, in asked) (answer, error) { return a.whynot(in.device, in.posed[0], in.wide) }},
	}
}

// most is how many arguments the question has on the command line, and least how few.
func (q question) most() int {
	n := 1
	if q.sign != "" || q.device {
		n = 2
	}
	return n
}

func (q question) least() int {
	if q.optional {
		return 0
	}
	return q.most()
}

func analyzeCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "analyze QUESTION EXPR",
		Short: "questions about all devices there could be, with a proof or a device that shows it",
		Long: `analyze answers questions about expressions over all possible devices, exactly: whether any
can match, whether one expression implies another, where two of them overlap. An answer comes with
a device, as a line of a roster. What is possible is told apart from what there is: with a source
of devices the answer says how many of them it is about.`,
		Example: `  muster analyze sat 'label("ring") = "0" & label("ring") != "0"'
  muster analyze implies 'label("ring") = "0"' 'has(label("ring"))'
  muster analyze overlap '@edge' '@canary' -w worlds/shop --roster devices.jsonl -o json
  muster analyze eq '@edge' 'arch = aarch64' -w worlds/shop --exit-status`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, q := range questions() {
		cmd.AddCommand(q.command(c))
	}
	return cmd
}

func (q question) command(c *console) *cobra.Command {
	s := source{console: c}
	var world string
	var assume []string
	var status bool
	use := map[bool]string{true: "A B", false: q.args}[q.sign != ""]
	cmd := &cobra.Command{
		Use: q.name + " " + use, Short: q.about,
		Long:              q.about + ".\n\nWith --exit-status the exit code is 1 where the answer is no, and 2 on an error.",
		Example:           "  muster analyze " + q.name + " " + q.example,
		ValidArgsFunction: completeExpr(&s, &world, q.most()),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < q.least() || len(args) > q.most() {
				return fmt.Errorf("analyze %s: %s, want %s; put each in single quotes", q.name, counted(len(args), "argument", "arguments"), use)
			}
			return nil
		},
	}
	if q.device {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	s.addFlags(cmd)
	worldFlag(cmd, &world)
	cmd.Flags().StringArrayVar(&assume, "assume", nil, "take for granted that every device matches `EXPR`; may be repeated")
	cmd.Flags().BoolVar(&status, "exit-status", false, "exit with 1 where the answer is no, with 2 on an error")
	output := outputFlag(cmd, "text", "json")
	run := func(ctx context.Context, args []string) (answer, error) {
		g, err := s.ground(ctx, world)
		if err != nil {
			return nil, err
		}
		if q.optional && len(args) == 0 && world == "" {
			return nil, fmt.Errorf("analyze %s: no rules; name a World by -w DIR, or write an assignment", q.name)
		}
		a := analyst{ground: g, scope: g.scope()}
		for _, text := range assume {
			if err := a.take(diag.Source{File: "--assume", Line: 1, Text: text}); err != nil {
				return nil, err
			}
		}
		in := asked{wide: c.columns()}
		if q.device {
			in.device, args = args[0], args[1:]
		}
		for _, text := range args {
			p, err := a.posed(diag.Source{File: "analyze", Line: 1, Text: text}, q.claims)
			if err != nil {
				return nil, err
			}
			in.posed = append(in.posed, p)
		}
		return inTime(ctx, func() (answer, error) { return q.ask(a, in) })
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		found, err := run(cmd.Context(), args)
		switch {
		case err == nil && output.value == "json":
			err = indented(c, found)
		case err == nil:
			_, err = fmt.Fprint(c.out, lines(found.lines()))
		}
		if !status {
			return err
		}
		if err != nil {
			c.report(err)
			return exit(2)
		}
		if !found.holds() {
			return exit(1)
		}
		return nil
	}
	return cmd
}

// take adds assumptions, each one only if some device is left.
func (a *analyst) take(texts ...diag.Source) error {
	for _, at := range texts {
		p, err := a.posed(at, false)
		if err != nil {
			return err
		}
		with := analyst{a.ground, a.scope, append(a.assumed[:len(a.assumed):len(a.assumed)], p)}
		found, err := with.sat(p)
		if err != nil {
			return err
		}
		if !found.holds() {
			return diag.List{at.At(0, len(at.Text)-at.Offset, "with this assumption no device is possible", "take it back, or one before it")}
		}
		*a = with
	}
	return nil
}

// patience is how long a question may take: a solver asked about a set that is too entangled for
// a diagram has no bound of its own.
const patience = 20 * time.Second

var errPatience = fmt.Errorf("the expressions are too entangled: no answer within %s; ask about a part of them", patience)

// inTime gives up on an answer that takes too long. The work goes on until it is done, or the
// process ends.
func inTime[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	type result struct {
		answer T
		err    error
	}
	done := make(chan result, 1)
	go func() {
		found, err := ask()
		done <- result{found, err}
	}()
	var none T
	select {
	case r := <-done:
		return r.answer, r.err
	case <-time.After(patience):
		return none, errPatience
	case <-ctx.Done():
		return none, errors.New("interrupted")
	}
}
