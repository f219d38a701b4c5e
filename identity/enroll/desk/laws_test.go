package desk_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity/enroll"
	"github.com/musterfleet/muster/identity/enroll/desk"
)

const seed = 20261126

// shelf is a bucket in memory, as far as Do uses one.
type shelf struct {
	jetstream.KeyValue
	values map[string][]byte
	revs   map[string]uint64
}

type kept struct {
	jetstream.KeyValueEntry
	value []byte
	rev   uint64
}

func (k kept) Value() []byte    { return k.value }
func (k kept) Revision() uint64 { return k.rev }

func (s *shelf) Get(_ context.Context, key string) (jetstream.KeyValueEntry, error) {
	v, ok := s.values[key]
	if !ok {
		return nil, jetstream.ErrKeyNotFound
	}
	return kept{value: v, rev: s.revs[key]}, nil
}

func (s *shelf) Update(_ context.Context, key string, value []byte, rev uint64) (uint64, error) {
	if s.revs[key] != rev {
		return 0, jetstream.ErrKeyExists
	}
	s.values[key], s.revs[key] = value, rev+1
	return rev + 1, nil
}

type doer = func(ctx context.Context, devices jetstream.KeyValue, c desk.Change, by string, record func(wire.DeviceEntry) error) ([]wire.DeviceEntry, error)

var verbs = []desk.Verb{desk.Approve, desk.Deny, desk.Label, desk.Revoke, desk.Decommission}

// gone does random things to two devices, and says when one that was revoked is something else after.
func gone(do doer) (breach string, revoked int) {
	params := gopter.DefaultTestParametersWithSeed(seed)
	params.MinSize, params.MinSuccessfulTests = 1, 300
	properties := gopter.NewProperties(params)
	properties.Property("revoked stays", prop.ForAll(func(n int64) bool {
		r := rand.New(rand.NewPCG(uint64(n), 1))
		s := &shelf{values: map[string][]byte{}, revs: map[string]uint64{}}
		ids := []string{"gw-1", "gw-2"}
		state := map[string]algebra.Lifecycle{}
		for _, id := range ids {
			state[id] = []algebra.Lifecycle{algebra.Requested, algebra.Enrolled, algebra.Decommissioned, algebra.Revoked}[r.IntN(4)]
			s.values[id], s.revs[id] = wire.Encode(wire.DeviceEntry{Device: algebra.MustDeviceID(id), Lifecycle: state[id], Offer: "o", Key: "k"}), 1
		}
		for range 10 {
			c := desk.Change{Verb: verbs[r.IntN(len(verbs))], Devices: ids[r.IntN(2):], Labels: map[string]string{"site": fmt.Sprint(r.IntN(3))}}
			recorded := 0
			done, err := do(context.Background(), s, c, "ana", func(wire.DeviceEntry) error { recorded++; return nil })
			if err != nil && len(done) > 0 || err == nil && (len(done) != len(c.Devices) || recorded != len(done)) {
				breach = fmt.Sprintf("%s changed %d of %d devices and recorded %d (%v)", c.Verb, len(done), len(c.Devices), recorded, err)
				return false
			}
			for _, id := range ids {
				m, err := wire.Decode(s.values[id])
				if err != nil {
					breach = err.Error()
					return false
				}
				e := m.(wire.DeviceEntry)
				if e.Offer != "o" || e.Key != "k" {
					breach = fmt.Sprintf("%s loses how the device was enrolled", c.Verb)
					return false
				}
				if state[id] == algebra.Revoked {
					revoked++
					if e.Lifecycle != algebra.Revoked {
						breach = fmt.Sprintf("%s makes a revoked device %s", c.Verb, e.Lifecycle)
						return false
					}
				}
				state[id] = e.Lifecycle
			}
		}
		return true
	}, gen.Int64()))
	properties.Run(gopter.NewFormatedReporter(false, 80, io.Discard))
	return breach, revoked
}

func TestRevokedNeverComesBack(t *testing.T) {
	breach, revoked := gone(desk.Do)
	if breach != "" {
		t.Error(breach)
	}
	if revoked < 1000 {
		t.Errorf("after %d of 6000 changes a device was revoked: the law says little", revoked)
	}
}

func TestRevokedLawSeesReturns(t *testing.T) {
	// turned writes an entry as a registry does that knows no revocation.
	turned := func(when desk.Verb, from, to algebra.Lifecycle) doer {
		return func(ctx context.Context, devices jetstream.KeyValue, c desk.Change, by string, record func(wire.DeviceEntry) error) ([]wire.DeviceEntry, error) {
			done, err := desk.Do(ctx, devices, c, by, record)
			s := devices.(*shelf)
			for _, id := range c.Devices {
				m, _ := wire.Decode(s.values[id])
				if e := m.(wire.DeviceEntry); c.Verb == when && e.Lifecycle == from {
					e.Lifecycle = to
					s.values[id] = wire.Encode(e)
				}
			}
			return done, err
		}
	}
	for name, do := range map[string]doer{
		"approval":        turned(desk.Approve, algebra.Revoked, algebra.Enrolled),
		"decommissioning": turned(desk.Decommission, algebra.Revoked, algebra.Decommissioned),
		"a label":         turned(desk.Label, algebra.Revoked, algebra.Requested),
		"half a change": func(ctx context.Context, devices jetstream.KeyValue, c desk.Change, by string, record func(wire.DeviceEntry) error) ([]wire.DeviceEntry, error) {
			var all []wire.DeviceEntry
			for _, id := range c.Devices {
				one := c
				one.Devices = []string{id}
				done, err := desk.Do(ctx, devices, one, by, record)
				if all = append(all, done...); err != nil {
					return all, err
				}
			}
			return all, nil
		},
		"forgetting the key": func(ctx context.Context, devices jetstream.KeyValue, c desk.Change, by string, record func(wire.DeviceEntry) error) ([]wire.DeviceEntry, error) {
			done, err := desk.Do(ctx, devices, c, by, record)
			s := devices.(*shelf)
			for _, e := range done {
				e.Key = ""
				s.values[e.Device.String()] = wire.Encode(e)
			}
			return done, err
		},
	} {
		if breach, _ := gone(do); breach == "" {
			t.Errorf("%s: the law does not see it", name)
		}
	}
}

// TestManyRaceForOneToken: over a real server, with two desks, one device gets in.
func TestManyRaceForOneToken(t *testing.T) {
	o := newOffice(t)
	second, err := desk.Start(t.Context(), desk.Config{Conn: o.nc, Registrar: o.registrar, Issuer: "https://issuer.example", Audience: "fleet", Trust: o.trust})
	must(t, err)
	t.Cleanup(second.Stop)
	k := o.offer(enroll.Offer{Approved: true, Until: time.Now().Add(time.Minute)})
	var all sync.WaitGroup
	var mu sync.Mutex
	in := 0
	for n := range 6 {
		all.Go(func() {
			if _, err := o.join(k, fmt.Sprint("gw-", n)); err == nil {
				mu.Lock()
				in++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if in != 1 {
		t.Errorf("%d devices joined by one token", in)
	}
	keys, err := o.devices.Keys(t.Context())
	must(t, err)
	if len(keys) != 1 || len(o.registrar.keys) != 1 {
		t.Errorf("the registry has %v, the issuer %v", keys, o.registrar.keys)
	}
}
