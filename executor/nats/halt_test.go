package nats_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/executortest"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
)

// TestHalt: from the moment of the halt the broker takes no desired state from anybody; all else
// goes on, and so does publishing when it is resumed.
func TestHalt(t *testing.T) {
	server, err := nats.Start(nats.ServerConfig{Dir: t.TempDir(), Authorize: authorize})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	nc, err := server.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if err := nats.CreateBuckets(t.Context(), nc); err != nil {
		t.Fatal(err)
	}
	tr, err := nats.NewTransport(t.Context(), nc) // before the halt: nobody tells it
	if err != nil {
		t.Fatal(err)
	}
	publish := func(generation, revision uint64) executor.Result {
		t.Helper()
		results, err := tr.Write(t.Context(), []executor.Write{
			executor.SetDesired{State: executortest.Signed(t, haltDevice(generation), generation), Revision: revision},
			executor.SetEntry{Entry: wire.DeviceEntry{Device: haltDevice(generation), Lifecycle: wire.Enrolled}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if results[1].Err != nil {
			t.Errorf("the registry is not written: %v", results[1].Err)
		}
		return results[0]
	}
	if r := publish(1, 0); r.Err != nil {
		t.Fatal(r.Err)
	}
	halt := nats.Halted{By: "ana", Reason: "smoke", At: time.Now()}
	if err := nats.Halt(t.Context(), nc, halt); err != nil {
		t.Fatal(err)
	}
	if r := publish(2, 0); !errors.Is(r.Err, executor.ErrHalted) || !strings.Contains(r.Err.Error(), "by ana at ") || !strings.Contains(r.Err.Error(), ": smoke; muster resume") {
		t.Errorf("halted: %v", r.Err)
	}
	if err := nats.Halt(t.Context(), nc, halt); err == nil || !strings.Contains(err.Error(), "halted already, by ana") {
		t.Errorf("halted twice: %v", err)
	}
	if err := nats.CreateBuckets(t.Context(), nc); err != nil {
		t.Errorf("a halted fleet cannot be started again: %v", err)
	}
	if ended, err := nats.Resume(t.Context(), nc); err != nil || ended.By != "ana" {
		t.Errorf("resumed: %+v, %v", ended, err)
	}
	if r := publish(3, 0); r.Err != nil {
		t.Errorf("resumed: %v", r.Err)
	}
	if _, err := nats.Resume(t.Context(), nc); err == nil {
		t.Error("resumed twice")
	}
}

func haltDevice(n uint64) algebra.DeviceID { return algebra.MustDeviceID(fmt.Sprintf("d%d", n)) }
