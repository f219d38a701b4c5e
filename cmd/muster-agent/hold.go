package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fsnotify/fsnotify"

	"github.com/musterfleet/muster/internal/durable"
)

const holdUsage = `muster-agent hold REASON [options]
muster-agent release [options]

hold has the agent of this device change nothing that runs, whatever the fleet says, until release.
What fails is still healed, and the fleet sees that the device is held, and why.

Options:
`

// holdFile is in the state directory while the device is held; its text is the reason.
const holdFile = "hold"

// hold writes the file, release removes it; the agent, running or not, sees it.
func hold(verb string, args []string, env func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("muster-agent "+verb, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	state := flags.String("state", stateDir(env), "`directory` in which the agent remembers (MUSTER_STATE)")
	// The reason comes before the options, as a person says it.
	var words []string
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		words, args = append(words, args[0]), args[1:]
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(out, holdUsage)
		flags.SetOutput(out)
		flags.PrintDefaults()
		return err
	case err != nil:
		return fmt.Errorf("%w; see muster-agent %s --help", err, verb)
	}
	reason := strings.Join(append(words, flags.Args()...), " ")
	if info, err := os.Stat(*state); err != nil || !info.IsDir() {
		return fmt.Errorf("%s: there is no state directory %s; name it by --state", verb, *state)
	}
	file := filepath.Join(*state, holdFile)
	if verb == "release" {
		if reason != "" {
			return fmt.Errorf("release: unexpected %q", reason)
		}
		if err := os.Remove(file); errors.Is(err, fs.ErrNotExist) {
			return errors.New("release: the device is not held")
		} else if err != nil {
			return err
		}
		_, err := fmt.Fprintln(out, "Released.")
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return errors.New("hold: say why; the fleet's operators see it")
	}
	if err := durable.Replace(file, []byte(reason+"\n"), 0o600); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "Held: nothing that runs is changed until muster-agent release.")
	return err
}

func held(state string) string {
	text, err := os.ReadFile(filepath.Join(state, holdFile))
	if err != nil {
		return ""
	}
	if reason := strings.TrimSpace(string(text)); reason != "" {
		return reason
	}
	return "no reason given"
}

// holds tells of each change of the hold file until ctx ends.
func holds(ctx context.Context, state string) (<-chan string, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	if err := w.Add(state); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	out := make(chan string)
	go func() {
		defer w.Close()
		last := held(state)
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-w.Events:
				if filepath.Base(e.Name) != holdFile {
					continue
				}
			case <-w.Errors: // changes were missed: the file tells what they came to
			}
			reason := held(state)
			if reason == last {
				continue
			}
			select {
			case out <- reason:
				last = reason
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}
