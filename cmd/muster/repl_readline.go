package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/reeflective/readline"
	"github.com/reeflective/readline/inputrc"
	"golang.org/x/term"
)

// terminalEditor edits entries on a terminal, with history, completion and colours. It is
// made only where both the input and the output are a terminal: readline writes escape codes
// to whatever there is.
type terminalEditor struct {
	session *session
	console *console
	shell   *readline.Shell
	before  *term.State
}

func newTerminalEditor(s *session, c *console) *terminalEditor {
	t := &terminalEditor{session: s, console: c, shell: readline.NewShell(inputrc.WithApp("muster"))}
	t.before, _ = term.GetState(int(os.Stdin.Fd()))
	rl := t.shell
	for name, value := range map[string]any{
		"menu-complete-display-prefix": true, // show what there is before taking the first
		"enable-bracketed-paste":       true,
		"completion-ignore-case":       true,
		"bell-style":                   "none",
	} {
		_ = rl.Config.Set(name, value) // of a name that readline lacks there is nothing to set
	}
	rl.Prompt.Primary(func() string { return s.style("1", prompt) })
	rl.Prompt.Secondary(func() string { return s.dim("      > ") })
	rl.AcceptMultiline = func(line []rune) bool { return !s.incomplete(string(line)) }
	rl.Completer = t.complete
	if s.color {
		rl.SyntaxHighlighter = func(line []rune) string { return s.highlight(string(line)) }
	}
	rl.Hint.SetProvider(func(line []rune, _ int) []rune { return []rune(s.dim(s.hint(string(line)))) })
	rl.History.Delete()
	rl.History.Add("muster", readlineHistory{s.history})
	return t
}

func (t *terminalEditor) read() (entry, error) {
	t.session.console.page = t.console.columns()
	text, err := t.shell.Readline()
	if errors.Is(err, readline.ErrInterrupt) {
		return entry{}, errAbandoned
	}
	return entry{1, text}, err
}

func (t *terminalEditor) wrong(e entry, err error) {
	fmt.Fprint(t.console.out, t.session.wrong(e.text, err))
}

func (t *terminalEditor) close() error {
	if t.before == nil {
		return nil
	}
	return term.Restore(int(os.Stdin.Fd()), t.before)
}

// complete offers candidates to readline, which takes everything since the last blank for the
// word to complete: so a candidate carries what is typed of that word before its own start.
func (t *terminalEditor) complete(line []rune, cursor int) readline.Completions {
	text := string(line[:cursor])
	found, start := t.session.complete(text)
	word := strings.LastIndexAny(text, " \t\n") + 1
	if start < word {
		word = start
	}
	values := make([]readline.Completion, len(found))
	for i, c := range found {
		values[i] = readline.Completion{Value: text[word:start] + c.text, Display: c.text, Description: c.about}
	}
	out := readline.CompleteRaw(values).NoSort()
	out.PREFIX = text[word:]
	return out
}

// readlineHistory is the history as readline asks for it.
type readlineHistory struct{ h *history }

func (r readlineHistory) Write(text string) (int, error) { return len(r.h.entries), r.h.add(text) }

func (r readlineHistory) GetLine(i int) (string, error) {
	if i < 0 || i >= len(r.h.entries) {
		return "", fmt.Errorf("history has no entry %d", i)
	}
	return r.h.entries[i], nil
}

func (r readlineHistory) Len() int { return len(r.h.entries) }

func (r readlineHistory) Dump() any { return r.h.entries }
