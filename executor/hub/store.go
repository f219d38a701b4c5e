package hub

import (
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/executor/wire"
)

// maxReport is the greatest report that is stored: a device may fill its own keys, not the disk.
const maxReport = 64 << 10

// store takes a report. It does not wait for the store, so that one hub keeps up with the
// heartbeats of a hundred thousand devices, unless very many are on their way there: then those
// that come wait in the subscription. What fails is counted, and reported again.
func (h *Hub) store(m *nats.Msg) {
	if len(m.Data) > maxReport {
		h.counts.malformed.Add(1)
		return
	}
	decoded, err := wire.Decode(m.Data)
	r, ok := decoded.(wire.Report)
	switch {
	case err != nil || !ok:
		h.counts.malformed.Add(1)
		return
	case r.Subject() != m.Subject:
		h.counts.foreign.Add(1)
		return
	case !h.registry.has(r.About()):
		h.counts.unknown.Add(1)
		return
	}
	bucket, key, empty := wire.Place(r)
	out := nats.NewMsg("$KV." + bucket + "." + key)
	out.Data = m.Data
	if empty {
		out.Header.Set("KV-Operation", "DEL")
		out.Data = nil
	}
	if _, err := h.js.PublishMsgAsync(out, jetstream.WithRetryAttempts(0), jetstream.WithStallWait(lookup)); err != nil {
		h.counts.failed.Add(1)
		return
	}
	h.counts.stored.Add(1)
}
