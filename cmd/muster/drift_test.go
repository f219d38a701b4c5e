package main

import (
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/algebra/snapshot"
)

// drifted is `drifted FILE`: it writes a snapshot of eight devices with web@1 published to all but
// the last. 1 to 4 run web@2 instead, 5 fails, 8 runs what nobody published, the others are as
// they should be.
func drifted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: drifted FILE")
	}
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	s := algebratest.Situation{Published: map[algebra.Slot]algebra.Release{}, Slots: map[algebra.Slot]algebra.SlotState{},
		Records: map[algebra.DeviceID]algebra.Record{}}
	var web [3]algebra.Release
	for i, version := range []string{"1", "2"} {
		d := algebratest.MustDeployment("web", version, algebra.Container{Name: "web", Image: "registry.example/web:" + version})
		web[i+1] = algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: algebra.Values{}.Digest()}
	}
	for i := 1; i <= 8; i++ {
		id := algebra.MustDeviceID("gw-" + string(rune('0'+i)))
		slot := algebra.Slot{Device: id, App: algebra.MustApp("web")}
		s.Devices = append(s.Devices, algebra.Device{ID: id})
		s.Records[id] = algebra.Record{Lifecycle: algebra.Enrolled, Registry: 1, Desired: 1, Heard: at}
		state := algebra.SlotState{Release: web[1], Phase: algebra.Running, Since: at}
		switch {
		case i <= 4:
			state.Release = web[2]
		case i == 5:
			state.Phase, state.Detail = algebra.Failed, "exit code 1"
		}
		if i < 8 {
			s.Published[slot] = web[1]
		}
		s.Slots[slot] = state
	}
	r := s.Reality()
	r.ObservedAt = at
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(snapshot.Write(f, r))
	ts.Check(f.Close())
}
