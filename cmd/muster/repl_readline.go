package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/reeflective/readline"
	"github.com/reeflective/readline/inputrc"
	"golang.org/x/term"

	"github.com/musterfleet/muster/internal/diag"
)

// terminalEditor edits entries on a terminal, with history, completion and colours. It is
// made only where both the input and the output are a terminal: readline writes escape codes
// to whatever there is. From then until close the terminal is hushed wherever nothing is edited:
// readline leaves it as it finds it, and shows what was typed ahead as if it were typed then.
type terminalEditor struct {
	session *session
	console *console
	shell   *readline.Shell
	before  *term.State // nil where the terminal does not say
	still   func()      // ends that before is given back while the program is stopped
	menu    bool        // candidates are about to be shown
}

func newTerminalEditor(s *session, c *console) *terminalEditor {
	t := &terminalEditor{session: s, console: c, shell: readline.NewShell(inputrc.WithApp("muster"))}
	tty := int(os.Stdin.Fd())
	if before, err := term.GetState(tty); err == nil {
		t.before, t.still = before, giveBack(tty, before)
		_ = hush(tty) // one that cannot be shows twice what is typed ahead
	}
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
	rl.Hint.SetProvider(func(line []rune, _ int) []rune { return []rune(t.hint(string(line))) })
	rl.History.Delete()
	rl.History.Add("muster", readlineHistory{s.history})
	return t
}

// roomBelow is how many rows are kept free under the prompt, for its hint and entries of some
// lines. With room below it readline need not know where on the screen it is.
const roomBelow = 4

// hint is asked for right before readline asks the terminal where the cursor is, which on a slow
// line takes long, and loses keys that are typed meanwhile. So it asks only where it needs to know:
// for a menu, or an entry that needs more room than there is. While keys wait there is no hint.
func (t *terminalEditor) hint(line string) string {
	waiting := keysWait(int(os.Stdin.Fd()))
	ask := t.menu || rowsOf(line, len(prompt), t.session.console.columns()) >= roomBelow
	t.menu = false
	_ = t.shell.Config.Set("cursor-position-probe", ask && !waiting)
	if waiting {
		return ""
	}
	return t.session.dim(t.session.hint(line))
}

// rowsOf is how many rows an entry takes on a page, each of its lines after an indent.
func rowsOf(entry string, indent, page int) int {
	rows := 0
	for _, line := range strings.Split(entry, "\n") {
		rows += 1 + (indent+diag.Width(line))/max(page, 1)
	}
	return rows
}

func (t *terminalEditor) read() (entry, error) {
	t.session.console.page = t.console.columns()
	fmt.Fprintf(t.console.out, "%s\x1b[%dA", strings.Repeat("\n", roomBelow), roomBelow)
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
	t.still()
	return term.Restore(int(os.Stdin.Fd()), t.before)
}

// complete offers candidates to readline, which takes everything since the last blank for the
// word to complete: so a candidate carries what is typed of that word before its own start.
func (t *terminalEditor) complete(line []rune, cursor int) readline.Completions {
	t.menu = true
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
