package simulate

import (
	"time"

	"fmt"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/executor/wire"
)

// Story is what came of a run.
type Story struct {
	Run    rollout.Run
	Lines  []Line
	Groups []Group
	// Stuck says that the run did not end, but waits for somebody.
	Stuck bool
	Took  time.Duration
}

// Line is something that happened, that long after the run began.
type Line struct {
	After time.Duration
	Text  string
}

// Group is the devices of a group of a budget, and the most that were down at one time.
type Group struct {
	rollout.Standing
	Most int
	At   time.Duration
}

// tell says what a step changed.
func (p *play) tell(before, after rollout.Run) {
	for i, now := range after.Lanes {
		was := before.Lanes[i]
		for _, v := range now.Verdicts[len(was.Verdicts):] {
			text := fmt.Sprintf("%s: wave %s has %d of %d healthy", p.script.Title(i), p.script.WaveName(i, v.Wave), v.Healthy, v.Sample)
			if v.Failed > 0 {
				text += fmt.Sprintf(", %d failed", v.Failed)
			}
			if v.Left > 0 {
				text += fmt.Sprintf(", %d left out", v.Left)
			}
			p.line(text)
		}
		if was.Since.IsZero() && !now.Since.IsZero() || now.Wave != was.Wave {
			if n := p.script.Size(i, now.Wave, p.scene); n > 0 && !now.State.Ended() {
				p.line(fmt.Sprintf("%s: wave %s begins, %s", p.script.Title(i), p.script.WaveName(i, now.Wave), devices(n)))
			}
		}
		if now.State != was.State {
			text := p.script.Title(i) + " is " + now.State.String()
			if now.State == wire.LanePassed {
				text = p.script.Title(i) + " is through"
			}
			if now.Reason != "" && now.State != wire.LaneRolledBack {
				text += ": " + now.Reason
			}
			p.line(text)
		}
	}
	if after.Status != before.Status {
		text := "the run has " + after.Status.String()
		if after.Reason != "" {
			text += ": " + after.Reason
		}
		p.line(text)
	}
}

func (p *play) line(text string) {
	p.lines = append(p.lines, Line{p.scene.At.Sub(p.began), text})
}

func devices(n int) string {
	if n == 1 {
		return "1 device"
	}
	return fmt.Sprintf("%d devices", n)
}

func (p *play) story(stuck bool) Story {
	if stuck {
		p.line("the run waits for somebody to approve, resume or cancel it")
	}
	return Story{Run: p.run, Lines: p.lines, Groups: p.groups, Stuck: stuck, Took: p.scene.At.Sub(p.began)}
}
