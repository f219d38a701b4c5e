package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func replCommand(c *console) *cobra.Command {
	s := source{console: c}
	var world string
	cmd := &cobra.Command{
		Use:   "repl",
		Short: "ask about devices, one expression after the other",
		Long: `repl reads expressions and commands and answers each at once. An expression shows the devices
it denotes; :help lists the commands. On a terminal it completes by Tab what the devices have:
keys, values, names. Elsewhere it reads the input to its end, and exits with 1 if anything in it
was wrong.

Sources are those of query. A running fleet is read again as what is known grows old.`,
		Example: `  muster repl -w worlds/shop --roster devices.jsonl
  MUSTER_CONFIG=dev/config.toml muster repl
  echo ':keys' | muster repl --roster devices.jsonl`,
		Args:              noArguments,
		RunE:              func(cmd *cobra.Command, _ []string) error { return repl(cmd.Context(), c, &s, world) },
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	s.addFlags(cmd)
	worldFlag(cmd, &world)
	return cmd
}

// repl talks until the input ends.
func repl(ctx context.Context, c *console, from *source, world string) error {
	if world == "" && !from.given() {
		return errors.New("repl: nothing to ask; name the devices by -w DIR, --roster FILE, --snapshot FILE or --nats URL")
	}
	in, out := c.in, c.out
	if from.roster == "-" {
		return errors.New("repl: the input is the roster; name that by a file")
	}
	coming := load(ctx, from, world)
	s := newSession(coming, from.label(world), &console{plain: c.plain})
	s.live = !from.named() && from.given()
	s.again = func(ctx context.Context) (ground, error) { return from.quietly(io.Discard).ground(ctx, world) }
	if isTerminal(out) {
		s.emit = func(text string) { fmt.Fprint(out, text) }
	}
	if isTerminal(in) && isTerminal(out) {
		s.console.page = c.columns()
		s.color = c.color(out)
		var err error
		if s.history, err = openHistory(historyFile(os.Getenv)); err != nil {
			c.note("", "no history is kept: %v", err)
		}
		if !from.long() {
			coming.within(promptWithin)
		}
		ed := newTerminalEditor(s, c)
		if err := s.arrive(false); err != nil {
			return errors.Join(err, ed.close())
		}
		fmt.Fprint(c.errw, s.told())
		return converse(ctx, s, out, ed)
	}
	if err := s.arrive(true); err != nil {
		return err
	}
	fmt.Fprint(c.errw, s.told())
	plain := newPlainEditor(c, in, s.incomplete)
	if err := converse(ctx, s, out, plain); err != nil {
		return err
	}
	if plain.failed {
		return exit(1)
	}
	return nil
}

// isTerminal reports whether a stream, read or written, is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// converse reads entries and shows what they give, until there are no more.
func converse(ctx context.Context, s *session, out io.Writer, ed editor) error {
	defer ed.close()
	interrupts := listen(ed)
	defer interrupts.end()
	for {
		e, err := ed.read()
		switch {
		case errors.Is(err, errAbandoned):
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("repl: %w", err)
		}
		if err := s.arrive(true); err != nil {
			return err
		}
		said, _, err := s.handle(interrupts.during(ctx), e.text)
		interrupts.idle()
		if _, err := io.WriteString(out, s.told()+said); err != nil {
			return err
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			ed.wrong(e, err)
		}
	}
}

// interrupts ends what an entry does on the first signal, and the program on one that finds
// nothing to end.
type interrupts struct {
	signals chan os.Signal
	running atomic.Pointer[context.CancelFunc]
}

func listen(ed editor) *interrupts {
	i := &interrupts{signals: make(chan os.Signal, 1)}
	signal.Notify(i.signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for s := range i.signals {
			if cancel := i.running.Swap(nil); s == os.Interrupt && cancel != nil {
				(*cancel)()
				continue
			}
			_ = ed.close()
			os.Exit(128 + int(s.(syscall.Signal)))
		}
	}()
	return i
}

// during is the context of an entry. An interrupt is for the entry alone, while the verb's own
// context is done for good by the first one.
func (i *interrupts) during(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	i.running.Store(&cancel)
	return ctx
}

// idle ends the context of the last entry.
func (i *interrupts) idle() {
	if cancel := i.running.Swap(nil); cancel != nil {
		(*cancel)()
	}
}

func (i *interrupts) end() {
	signal.Stop(i.signals)
	close(i.signals)
}
