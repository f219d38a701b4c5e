package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/musterfleet/muster/executor"
)

// progress tells how an apply goes: a bar that redraws itself on a terminal, plain lines at
// most once a second elsewhere.
type progress struct {
	console *console
	began   time.Time
	told    time.Time
	last    string
	drawn   bool
}

const barWidth = 30

// show is the Applier's Watch.
func (p *progress) show(r executor.Run) {
	if r.Status != executor.Waiting && !r.Status.Ended() {
		return
	}
	t := r.Tally
	text := fmt.Sprintf("%d of %s running", t.Healthy, counted(t.Published, "device", "devices"))
	if t.Failed > 0 {
		text += fmt.Sprintf(", %d failed", t.Failed)
	}
	if t.Offline+t.Moved > 0 {
		text += fmt.Sprintf(", %d left out", t.Offline+t.Moved)
	}
	if terminal(p.console.errw) {
		done := 0
		if t.Published > 0 {
			done = barWidth * (t.Healthy + t.Failed) / t.Published
		}
		fmt.Fprintf(p.console.errw, "\r\x1b[K%s%s  %s  %s", strings.Repeat("█", done), strings.Repeat("░", barWidth-done),
			text, time.Since(p.began).Round(100*time.Millisecond))
		p.drawn = true
		return
	}
	if text == p.last || !r.Status.Ended() && time.Since(p.told) < time.Second {
		return
	}
	fmt.Fprintln(p.console.errw, text)
	p.told, p.last = time.Now(), text
}

// end leaves the line of the bar.
func (p *progress) end() {
	if p.drawn {
		fmt.Fprintln(p.console.errw)
	}
}
