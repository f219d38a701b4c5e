package executor

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// opened is a desired state whose signature was checked, and the revision it was read at. The zero
// one is that of a device that nothing is published to.
type opened struct {
	revision uint64
	state    wire.Verified
	err      error
}

// open checks what is published to a device, unless it has at this revision. To check a signature
// takes longer than to read all of a device's records: of many, all cores should do it.
func (o *opened) open(id algebra.DeviceID, raw Kept[[]byte], keys wire.Keyring) {
	switch {
	case raw.Revision == o.revision:
	case raw.Revision == 0:
		*o = opened{}
	default:
		v, err := wire.Open(raw.Value, id, keys)
		*o = opened{raw.Revision, v, err}
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
