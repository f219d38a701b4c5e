package main

import (
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/rollout"
	"github.com/musterfleet/muster/selectors"
)

// runEvent is something that happened in a run: a line of text for people, an object for
// machines. Fields that say nothing of an event are left out.
type runEvent struct {
	At    time.Time `json:"at"`
	Run   string    `json:"run"`
	Event string    `json:"event"` // version, run, lane, wave, verdict, publish, restore or count
	// Version is that of the events, in the first one: as in plans, a minor one adds, a major one changes.
	Version string `json:"format_version,omitempty"`
	// Rollout and Wave are what it is about.
	Rollout string `json:"rollout,omitempty"`
	Wave    string `json:"wave,omitempty"`
	// State is that of the run or the lane by now, and Reason why.
	State  string `json:"state,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Number is how many devices, Devices which, folded.
	Number  int            `json:"number,omitempty"`
	Devices string         `json:"devices,omitempty"`
	Count   *rollout.Count `json:"count,omitempty"`
}

// text is the event as a line; nothing for those that only machines hear of.
func (e runEvent) text() string {
	switch e.Event {
	case "run":
		if e.State == "succeeded" || e.State == "failed" {
			return withReason("the run has "+e.State, e.Reason)
		}
		return withReason("the run is "+e.State, e.Reason)
	case "lane":
		if e.State == "passed" {
			return e.Rollout + " is through"
		}
		return withReason(e.Rollout+" is "+e.State, e.Reason)
	case "wave":
		return fmt.Sprintf("%s: wave %s begins, %s", e.Rollout, e.Wave, counted(e.Number, "device", "devices"))
	case "verdict":
		text := fmt.Sprintf("%s: wave %s has %d of %d healthy", e.Rollout, e.Wave, e.Count.Healthy, e.Count.Published)
		if e.Count.Failed > 0 {
			text += fmt.Sprintf(", %d failed", e.Count.Failed)
		}
		if e.Count.Left > 0 {
			text += fmt.Sprintf(", %d left out", e.Count.Left)
		}
		return text
	case "restore":
		return fmt.Sprintf("%s: %s put back", e.Rollout, counted(e.Number, "device is", "devices are"))
	}
	return ""
}

func withReason(text, reason string) string {
	if reason == "" {
		return text
	}
	return text + ": " + reason
}

// runEvents is what a step brought, after the run as it was before.
func runEvents(s rollout.Script, before *rollout.Run, m rollout.Moment) []runEvent {
	var out []runEvent
	add := func(e runEvent) {
		e.At, e.Run = m.Scene.At, m.Run.ID
		out = append(out, e)
	}
	if before == nil {
		add(runEvent{Event: "version", Version: "1.0"})
	}
	if before == nil || before.Status != m.Run.Status && !m.Run.Status.Ended() {
		add(runEvent{Event: "run", State: m.Run.Status.String(), Reason: m.Run.Reason})
	}
	for i, now := range m.Run.Lanes {
		verdicts, wave, begun, state := 0, 0, false, now.State
		if before != nil {
			was := before.Lanes[i]
			verdicts, wave, begun, state = len(was.Verdicts), was.Wave, !was.Since.IsZero(), was.State
		}
		for _, v := range now.Verdicts[verdicts:] {
			add(runEvent{Event: "verdict", Rollout: s.Title(i), Wave: s.WaveName(i, v.Wave),
				Count: &rollout.Count{Devices: v.Sample + v.Left, Published: v.Sample, Healthy: v.Healthy, Failed: v.Failed, Left: v.Left}})
		}
		if !now.Since.IsZero() && !now.State.Ended() && (!begun || now.Wave != wave) {
			if n := s.Size(i, now.Wave, m.Scene); n > 0 {
				add(runEvent{Event: "wave", Rollout: s.Title(i), Wave: s.WaveName(i, now.Wave), Number: n})
			}
		}
		if now.State != state {
			add(runEvent{Event: "lane", Rollout: s.Title(i), State: now.State.String(), Reason: now.Reason})
		}
	}
	for _, e := range m.Effects {
		switch e := e.(type) {
		case rollout.Publish:
			add(runEvent{Event: "publish", Rollout: s.Title(e.Lane), Wave: s.WaveName(e.Lane, m.Run.Lanes[e.Lane].Wave), Number: len(e.Devices), Devices: foldIDs(e.Devices)})
		case rollout.Restore:
			add(runEvent{Event: "restore", Rollout: s.Title(e.Lane), Number: len(e.Devices), Devices: foldIDs(e.Devices)})
		case rollout.SetApart, rollout.Wake, rollout.Finish:
		}
	}
	if m.Run.Status.Ended() {
		add(runEvent{Event: "run", State: m.Run.Status.String(), Reason: m.Run.Reason})
	}
	return out
}

func foldIDs(ids []algebra.DeviceID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.String()
	}
	return selectors.Fold(names)
}
