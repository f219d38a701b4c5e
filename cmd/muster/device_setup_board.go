package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// board tells how hosts stand: on a terminal a table that redraws itself, elsewhere a line for
// each host that ends.
type board struct {
	console *console
	mu      sync.Mutex
	rows    [][]string
	begun   []time.Time
	drawn   int
	last    time.Time
	live    bool
}

func newBoard(c *console, targets []target) *board {
	b := &board{console: c, live: terminal(c.errw), begun: make([]time.Time, len(targets))}
	for _, t := range targets {
		b.rows = append(b.rows, []string{t.id.String(), "waits", "", ""})
	}
	return b
}

func (b *board) at(i int, step string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.begun[i].IsZero() {
		b.begun[i] = time.Now()
	}
	b.rows[i][1] = step
	b.draw(false)
}

func (b *board) end(i int, r setupResult) {
	b.mu.Lock()
	defer b.mu.Unlock()
	took := time.Since(b.begun[i]).Round(100 * time.Millisecond).String()
	state := "done"
	if r.Error != "" { // the result tells the rest
		step, _, _ := strings.Cut(r.Error, ": ")
		state = "failed: " + step
	}
	b.rows[i][1], b.rows[i][2], b.rows[i][3] = state, fmt.Sprint(len(r.Changes)), took
	b.draw(false)
	if !b.live && len(b.rows) > 1 {
		fmt.Fprintf(b.console.errw, "%s: %s, %s, %s\n", r.Device, state, counted(len(r.Changes), "change", "changes"), took)
	}
}

func (b *board) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.draw(true)
}

// mostHosts is how many hosts a table shows at once; the rest are counted.
const mostHosts = 20

func (b *board) draw(now bool) {
	if !b.live || !now && time.Since(b.last) < 100*time.Millisecond {
		return
	}
	b.last = time.Now()
	var text bytes.Buffer
	rows := b.rows
	if len(rows) > mostHosts { // those that are under way or failed are worth the room
		rows = nil
		for _, r := range b.rows {
			if r[1] != "waits" && r[1] != "done" && len(rows) < mostHosts {
				rows = append(rows, r)
			}
		}
	}
	_ = table(&text, []string{"HOST", "STEP", "CHANGES", "TOOK"}, rows) // a buffer takes all
	ended := 0
	for _, r := range b.rows {
		if r[3] != "" {
			ended++
		}
	}
	fmt.Fprintf(&text, "%d of %d\n", ended, len(b.rows))
	over := ""
	if b.drawn > 0 {
		over = fmt.Sprintf("\x1b[%dA\x1b[J", b.drawn)
	}
	b.drawn = bytes.Count(text.Bytes(), []byte("\n"))
	fmt.Fprint(b.console.errw, over+clipped(text.String(), widthOf(b.console.errw)-1))
}

// clipped cuts lines off that a terminal would break: the next table is drawn over as many as there are.
func clipped(text string, columns int) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if runes := []rune(l); len(runes) > columns {
			lines[i] = string(runes[:columns])
		}
	}
	return strings.Join(lines, "\n")
}

// widthOf is how wide a terminal is.
func widthOf(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return width
}
