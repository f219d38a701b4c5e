package main

import (
	"fmt"
	"io"
	"time"

	"github.com/musterfleet/muster/executor/hub"
	"github.com/musterfleet/muster/executor/rollout"
)

// toldEvery is the time between two lines about a run, and fewLeft how many devices that it waits for
// are named.
const (
	toldEvery = 2 * time.Second
	fewLeft   = 3
)

// fleetProgress writes how far a run is, what the hub did for it, and at last for whom it waits.
func fleetProgress(w io.Writer, counts func() hub.Counts) func(rollout.Script, rollout.Moment) {
	began, before := time.Now(), counts()
	told := began
	return func(s rollout.Script, m rollout.Moment) {
		now := time.Now()
		if now.Sub(told) < toldEvery {
			return
		}
		told = now
		c := s.Total(m.Scene)
		fmt.Fprintf(w, "  after %s %d published, %d healthy, %d failed; %d offline, %d left; %s\n",
			now.Sub(began).Round(time.Second), c.Published, c.Healthy, c.Failed, c.Offline, c.Left, hubText(counts(), before))
		if c.Devices-c.Healthy > fewLeft {
			return
		}
		for _, l := range s.Left(m.Run, m.Scene) {
			fmt.Fprintf(w, "    %s: %s\n", l.Device, l.Why)
		}
	}
}

// hubText says what a hub did since it had counted before.
func hubText(now, before hub.Counts) string {
	return fmt.Sprintf("hub: %d reports, %d answers, %d asked again, %d failures", now.Stored-before.Stored, now.Answered-before.Answered,
		now.Overtaken-before.Overtaken, now.Failed-before.Failed)
}
