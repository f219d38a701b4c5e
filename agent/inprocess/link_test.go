package inprocess_test

import (
	"testing"
	"time"

	"github.com/musterfleet/muster/agent/agenttest"
	"github.com/musterfleet/muster/agent/inprocess"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/executortest"
	fleet "github.com/musterfleet/muster/executor/inprocess"
	"github.com/musterfleet/muster/executor/wire"
)

func TestLinkContract(t *testing.T) {
	agenttest.LinkContract(t, func(t *testing.T) agenttest.LinkRig {
		f := fleet.New(time.Now)
		d := algebra.MustDeviceID("d1.host.example.org")
		results, err := f.Write(t.Context(), []executor.Write{executor.SetEntry{Entry: wire.DeviceEntry{Device: d, Lifecycle: algebra.Enrolled}}})
		if err != nil || results[0].Err != nil {
			t.Fatal(err, results)
		}
		return agenttest.LinkRig{
			Link: inprocess.Link{Device: d, Fleet: f}, Device: d,
			Publish: func(_ *testing.T, raw []byte) { f.Plant(wire.DesiredBucket, wire.Token(d), raw) },
			Store: func(_ *testing.T, digest algebra.Digest, canonical []byte) {
				f.Plant(wire.SpecsBucket, wire.SpecKey(digest), canonical)
			},
			Keep: func(_ *testing.T, bucket, key string, value []byte) { f.Plant(bucket, key, value) },
			Ask: func(_ *testing.T, q wire.Message) (wire.Message, error) {
				raw, err := f.Query(d, q)
				if err != nil {
					return nil, err
				}
				return wire.Decode(raw)
			},
			Heard: func(t *testing.T) []wire.Report {
				records, err := f.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return executortest.Reports(records.Devices[d])
			},
		}
	})
}
