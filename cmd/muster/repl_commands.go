package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// takes is what a command's argument is, which says how it is completed and whether it may
// go on over lines.
type takes uint8

const (
	takesNothing takes = iota
	takesText
	takesExpr
	takesPair       // two of them, with a sign between them
	takesDeviceExpr // a device, then an expression
	takesKey
	takesName // a device or a @name
	takesSetting
	takesCommand
	takesFile
	takesImport // a language, then a text of it
	takesExport // a language, then an expression
)

// command is one :word.
type command struct {
	name, args, about string
	takes             takes
	run               func(s *session, ctx context.Context, c call) error
}

// call is a command as it was entered: the entry, and where its argument starts.
type call struct {
	entry string
	from  int
}

func (c call) arg() string { return strings.TrimSpace(c.entry[c.from:]) }

// commands are all there are, in the order of :help.
func commands() []command {
	return slices.Concat([]command{
		{"help", "[TOPIC]", "what can be entered here, or what a command or an error code means", takesCommand, (*session).help},
		{"type", "EXPR", "its sort, canonical text and the keys it reads", takesExpr, (*session).typeOf},
		{"explain", "EXPR", "how many devices each part admits", takesExpr, (*session).explain},
		{"why", "DEVICE EXPR", "the parts that admit or refuse a device", takesDeviceExpr, (*session).why},
		{"whynot", "DEVICE EXPR", "the fewest changes that would have it admitted", takesDeviceExpr, (*session).whynot},
	}, analyzing(), []command{
		{"keys", "[PART]", "the facts and labels in use", takesText, (*session).keys},
		{"values", "KEY", "the values of a label or fact, by frequency", takesKey, (*session).values},
		{"names", "", "the @names that can be used", takesNothing, (*session).names},
		{"fleet", "[DEVICE|@NAME]", "what is known of a device, of a name, or of the whole fleet", takesName, (*session).fleet},
		{"let", "[NAME = EXPR]", "the names given here; with an argument, give one", takesText, (*session).let},
		{"import", "LANGUAGE EXPR", "a selector of k8s, ansible, nodeset, bexpr or salt in this language", takesImport, (*session).importText},
		{"export", "k8s EXPR", "an expression as a label selector of Kubernetes", takesExport, (*session).exportText},
		{"set", "[SETTING VALUE]", "format, columns, timing", takesSetting, (*session).set},
		{"timing", "", "switch the time below each answer on or off", takesNothing, (*session).toggleTiming},
		{"watch", "[EVERY] EXPR", "ask again and again, and tell who comes and goes", takesText, (*session).watch},
		{"reload", "", "read the sources again", takesNothing, func(s *session, ctx context.Context, _ call) error { return s.reloaded(ctx) }},
		{"save", "FILE", "write the names and settings of this session", takesFile, (*session).save},
		{"load", "FILE", "enter the lines of a file", takesFile, (*session).load},
		{"history", "[N]", "the last entries", takesText, (*session).showHistory},
		{"quit", "", "leave; so does Ctrl-D", takesNothing, func(*session, context.Context, call) error { return errQuit }},
	})
}

func commandNames() []string {
	var out []string
	for _, c := range commands() {
		out = append(out, ":"+c.name)
	}
	return out
}

// short are other spellings of commands.
var short = map[string]string{"h": "help", "q": "quit", "exit": "quit"}

// cutCommand finds the command of an entry and where its argument starts.
func cutCommand(entry string) (c command, arg int, ok bool) {
	start := strings.IndexByte(entry, ':') + 1
	end := start
	for end < len(entry) && entry[end] >= 'a' && entry[end] <= 'z' {
		end++
	}
	word := entry[start:end]
	if long, ok := short[word]; ok {
		word = long
	}
	i := slices.IndexFunc(commands(), func(c command) bool { return c.name == word })
	if i < 0 {
		return command{}, 0, false
	}
	return commands()[i], end, true
}

func (s *session) command(ctx context.Context, entry string) error {
	c, from, ok := cutCommand(entry)
	if !ok {
		word, _, _ := strings.Cut(strings.TrimSpace(entry), " ")
		return fmt.Errorf("unknown command %s; %s", word, suggest(word, commandNames(), ":help lists them"))
	}
	args := call{entry, from}
	switch {
	case args.arg() == "" && c.args != "" && c.args[0] != '[':
		return fmt.Errorf(":%s says nothing to work on; write :%s %s", c.name, c.name, c.args)
	case args.arg() != "" && c.args == "":
		return fmt.Errorf(":%s takes no argument", c.name)
	}
	return c.run(s, ctx, args)
}

func (s *session) help(_ context.Context, c call) error {
	out := s.console.out
	if word := strings.TrimPrefix(c.arg(), ":"); word != "" {
		if explainCode(out, word) {
			return nil
		}
		about, _, ok := cutCommand(":" + word)
		if !ok {
			return fmt.Errorf("unknown command :%s; %s", word, suggest(":"+word, commandNames(), ":help lists them"))
		}
		fmt.Fprintf(out, ":%s %s\n  %s\n", about.name, about.args, about.about)
		return nil
	}
	fmt.Fprint(out, `An expression shows the devices it denotes:
  arch = aarch64 & label("ring") in ("0", "1")     a selector, taken of all devices
  @prod - @canary                                  a fleet
  let slow = @edge[mem < 4GiB]                     a name for later
An entry goes on over lines until it is complete; an empty line ends it.

`)
	var rows [][]string
	for _, c := range commands() {
		rows = append(rows, []string{strings.TrimSpace("  :" + c.name + " " + c.args), c.about})
	}
	for i := range rows {
		rows[i][0] = "  " + rows[i][0]
	}
	return columns(out, rows)
}

// device cuts DEVICE EXPR apart.
func (s *session) device(c call) (ordinal uint32, expr int, err error) {
	rest := strings.TrimLeft(c.entry[c.from:], " \t\n")
	start := len(c.entry) - len(rest)
	end := strings.IndexAny(rest, " \t\n")
	if end < 0 {
		return 0, 0, errors.New("a device and an expression are wanted, such as gw-7 arch = aarch64")
	}
	ordinal, err = s.ground.ordinal(rest[:end])
	return ordinal, start + end, err
}

func (s *session) why(ctx context.Context, c call) error {
	return s.onDevice(ctx, c, func(b *selectors.Bound, ordinal uint32) ([]string, error) {
		return s.ground.because(b, ordinal, s.console.columns()), nil
	})
}

func (s *session) whynot(ctx context.Context, c call) error {
	return s.onDevice(ctx, c, func(b *selectors.Bound, ordinal uint32) ([]string, error) {
		return s.ground.unless(b, ordinal, s.console.columns())
	})
}

func (s *session) onDevice(ctx context.Context, c call, tell func(*selectors.Bound, uint32) ([]string, error)) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	ordinal, from, err := s.device(c)
	if err != nil {
		return err
	}
	b, err := s.bind(c.entry, from)
	if err != nil {
		return err
	}
	if b.Sort() == selectors.AssignmentSort {
		return errNoMember
	}
	told, err := tell(b, ordinal)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(s.console.out, lines(told))
	return err
}

func (s *session) explain(ctx context.Context, c call) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	b, err := s.bind(c.entry, c.from)
	if err != nil {
		return err
	}
	fmt.Fprint(s.console.out, lines(s.ground.explain(b).counts().lines(s.console.columns())))
	fmt.Fprintln(s.console.out, s.dim(s.ground.total(b)))
	return nil
}
