package executor

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// opened is a desired state whose signature was checked, and the revision it was read at.
type opened struct {
	revision uint64
	state    wire.Verified
	err      error
}

// openAll checks what is published to each device, unless known has it at its revision, and adds it
// there. To check a signature takes longer than to read all of a device's records, so all cores do it.
func openAll(devices map[algebra.DeviceID]Device, keys wire.Keyring, known map[algebra.DeviceID]opened) {
	var ids []algebra.DeviceID
	for id, d := range devices {
		if d.Desired.Revision > 0 && known[id].revision != d.Desired.Revision {
			ids = append(ids, id)
		}
	}
	found := make([]opened, len(ids))
	onAllCores(len(ids), func(i int) {
		raw := devices[ids[i]].Desired
		v, err := wire.Open(raw.Value, ids[i], keys)
		found[i] = opened{raw.Revision, v, err}
	})
	for i, id := range ids {
		known[id] = found[i]
	}
}

// onAllCores does something for each of n, in any order, and returns when all of it is done.
func onAllCores(n int, do func(i int)) {
	var next atomic.Int64
	var doing sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		doing.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	doing.Wait()
}
