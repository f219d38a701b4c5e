package executortest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// watched makes changes of each kind and wants all of them told, those of one slot in their order.
func watched(t *testing.T, f Fleet) {
	write(t, f, executor.SetEntry{Entry: Entry(d1)})
	f.Report(t, wire.Heartbeat{Device: d1, Sequence: 1})
	changes, err := f.Transport.Watch(t.Context())
	must(t, err)
	f.Report(t, wire.Heartbeat{Device: d1, Sequence: 2})
	f.Report(t, wire.AppState{Device: d1, App: web, Phase: algebra.Running})
	var have []string
	phases := ""
	for i := range 5 {
		if i == 2 { // once both were seen: of changes of one record that wait the newest is enough
			f.Report(t, wire.AppState{Device: d1, App: web})
			f.Report(t, wire.DeviceInfo{Device: d1, Facts: map[string]string{"arch": "amd64"}})
			write(t, f, executor.SetEntry{Entry: Entry(d1x)})
		}
		c := next(t, changes)
		text := c.Message.Kind() + " " + c.Device.String()
		if s, ok := c.Message.(wire.AppState); ok {
			phases += fmt.Sprint(uint8(s.Phase), " ")
		}
		if h, ok := c.Message.(wire.Heartbeat); ok && h.Sequence != 2 {
			t.Errorf("heartbeat %d is from before the watch", h.Sequence)
		}
		if c.Revision == 0 || c.At.IsZero() {
			t.Errorf("%s: revision %d at %v", text, c.Revision, c.At)
		}
		have = append(have, text)
	}
	for _, want := range []string{"Heartbeat d1", "AppState d1", "DeviceInfo d1", "DeviceEntry d1.host.example.org"} {
		if !strings.Contains(strings.Join(have, "\n")+"\n", want+"\n") {
			t.Errorf("no %s among %v", want, have)
		}
	}
	if want := fmt.Sprint(uint8(algebra.Running), " 0 "); phases != want {
		t.Errorf("phases %q, want %q", phases, want)
	}
}

func watchEnds(t *testing.T, f Fleet) {
	ctx, cancel := context.WithCancel(t.Context())
	changes, err := f.Transport.Watch(ctx)
	must(t, err)
	cancel()
	end := time.After(5 * time.Second)
	for {
		select {
		case _, ok := <-changes:
			if !ok {
				return
			}
		case <-end:
			t.Fatal("the watch did not end")
		}
	}
}
