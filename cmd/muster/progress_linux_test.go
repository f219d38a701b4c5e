package main

import (
	"strings"
	"testing"

	"github.com/musterfleet/muster/executor/rollout"
	sim "github.com/musterfleet/muster/executor/simulate"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/planner/plannertest"
)

// TestWaveTableRedraws: on a terminal what happened stays, and the table of the waves below it is
// drawn over, line for line.
func TestWaveTableRedraws(t *testing.T) {
	world, reality := plannertest.Rolling(t, 3)
	plan := planner.Make(world, reality)
	script := rollout.NewScript(plan, func(string) bool { return true })
	screen, tty := terminalPair(t)
	defer screen.Close()
	shown := make(chan string)
	go func() {
		var b strings.Builder
		part := make([]byte, 4096)
		for {
			n, err := screen.Read(part)
			b.Write(part[:n])
			if err != nil {
				shown <- strings.ReplaceAll(b.String(), "\r\n", "\n")
				return
			}
		}
	}()
	p := &progress{console: &console{out: tty, errw: tty}}
	sim.Play(script, rollout.SceneOf(plan, reality), sim.Model{Seed: 3, Approve: true}, func(m rollout.Moment) { p.show(script, m) })
	tty.Close()
	text := <-shown
	lines := screenOf(text)
	if strings.Count(text, "\x1b[J") < 3 {
		t.Errorf("the table was drawn over %d times", strings.Count(text, "\x1b[J"))
	}
	heads := 0
	for _, l := range lines {
		if strings.HasPrefix(l, "ROLLOUT") {
			heads++
		}
	}
	seen := strings.Join(lines, "\n")
	if heads != 1 || !strings.Contains(seen, "the run has succeeded\nROLLOUT") || !strings.Contains(seen, " passed ") || !strings.Contains(seen, "█") {
		t.Errorf("the table does not stand once, below what happened:\n%s", seen)
	}
}

// screenOf is what a person sees in the end: it knows to go up some lines and to clear the rest.
func screenOf(text string) []string {
	var lines []string
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		for strings.HasPrefix(line, "\x1b[") {
			up := 0
			rest := line[2:]
			for rest[0] >= '0' && rest[0] <= '9' {
				up, rest = up*10+int(rest[0]-'0'), rest[1:]
			}
			switch rest[0] {
			case 'A':
				lines = lines[:len(lines)-up]
			case 'J': // all below is gone already
			}
			line = rest[1:]
		}
		lines = append(lines, line)
	}
	return lines
}
