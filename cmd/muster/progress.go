package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/musterfleet/muster/executor/rollout"
)

// progress tells how a run goes: on a terminal a table of its waves that redraws itself, below
// what happened; elsewhere plain lines, counts at most once a second; for machines one object a
// line on out, and nothing else there.
type progress struct {
	console  *console
	machines bool
	before   *rollout.Run
	last     rollout.Count
	told     time.Time
	drawn    int // lines of the table on the screen
}

// show is the Applier's Watch.
func (p *progress) show(s rollout.Script, m rollout.Moment) {
	events := runEvents(s, p.before, m)
	run := m.Run
	p.before = &run
	count := s.Total(m.Scene)
	counts := count != p.last && (time.Since(p.told) >= time.Second || run.Status.Ended())
	if counts {
		p.last = count
	}
	switch {
	case p.machines:
		if counts {
			events = append(events, runEvent{At: m.Scene.At, Run: run.ID, Event: "count", Count: &count})
			p.told = time.Now()
		}
		for _, e := range events {
			_ = json.NewEncoder(p.console.out).Encode(e) // who closed the stream wants no more of it
		}
	case terminal(p.console.errw):
		p.draw(events, s.Table(run, m.Scene))
	default:
		for _, e := range events {
			if text := e.text(); text != "" {
				fmt.Fprintln(p.console.errw, text)
			}
		}
		if counts {
			fmt.Fprintln(p.console.errw, countText(count))
			p.told = time.Now()
		}
	}
}

func countText(c rollout.Count) string {
	text := fmt.Sprintf("%d of %s running", c.Healthy, counted(c.Devices, "device", "devices"))
	if way := c.Published - c.Healthy - c.Failed; way > 0 {
		text += fmt.Sprintf(", %d under way", way)
	}
	if c.Failed > 0 {
		text += fmt.Sprintf(", %d failed", c.Failed)
	}
	if left := c.Offline + c.Left; left > 0 {
		text += fmt.Sprintf(", %d left out", left)
	}
	return text
}

// draw writes what happened above the table, and the table anew.
func (p *progress) draw(events []runEvent, rows []rollout.Row) {
	if len(events) == 0 && time.Since(p.told) < 100*time.Millisecond {
		return
	}
	p.told = time.Now()
	var b strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\x1b[J", p.drawn)
	}
	for _, e := range events {
		if text := e.text(); text != "" {
			b.WriteString(text + "\n")
		}
	}
	grid := waveTable(rows)
	p.drawn = strings.Count(grid, "\n")
	fmt.Fprint(p.console.errw, b.String()+grid)
}

var waveHeads = []string{"ROLLOUT", "WAVE", "STATE", "DEVICES", "RUNNING", "UNDERWAY", "FAILED", "WAITING", "OFFLINE", ""}

const barWidth = 20

// waveTable is the waves of a run with a bar for each.
func waveTable(rows []rollout.Row) string {
	var b bytes.Buffer
	var cells [][]string
	for _, r := range rows {
		done := 0
		if r.Devices > 0 {
			done = barWidth * r.Healthy / r.Devices
		}
		cell := []string{r.Rollout, r.Wave, r.State}
		for _, n := range []int{r.Devices, r.Healthy, r.Published - r.Healthy - r.Failed, r.Failed, r.Waiting, r.Offline + r.Left} {
			cell = append(cell, fmt.Sprint(n))
		}
		cells = append(cells, append(cell, strings.Repeat("█", done)+strings.Repeat("░", barWidth-done)))
	}
	_ = table(&b, waveHeads, cells) // a buffer takes all
	return b.String()
}
