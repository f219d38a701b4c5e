package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing/fstest"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/invented"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/hub"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
)

// open brings up the broker with the registry of the fleet, and the hub here.
func (b *fleetBench) open(ctx context.Context) error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	b.key = private
	b.part = fleetPart{Trust: public, Secret: []byte(rand.Text())}
	broker := b.part
	broker.Dir = b.dir
	if b.broker, b.part.URL, err = broker.start(); err != nil {
		return err
	}
	connect := func() (*natsgo.Conn, error) {
		return natsgo.Connect(b.part.URL, natsgo.Token(b.part.token("")), natsgo.Timeout(inLine),
			natsgo.MaxReconnects(-1), natsgo.ReconnectWait(50*time.Millisecond))
	}
	if b.conn, err = connect(); err != nil {
		return err
	}
	if b.transport, err = nats.NewTransport(ctx, b.conn); err != nil {
		return err
	}
	if err := register(ctx, b.transport, slices.Collect(invented.Devices(b.devices))); err != nil {
		return err
	}
	if b.own, err = connect(); err != nil { // a hub's messages do not wait behind the operator's
		return err
	}
	b.hub, err = hub.Start(ctx, b.own)
	return err
}

// connect starts the devices and waits until each is heard.
func (b *fleetBench) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	feed, err := b.transport.Watch(ctx)
	if err != nil {
		return err
	}
	began, most := time.Now(), perProcess
	if b.shared {
		most = perProcesses
	}
	for from := 0; from < b.devices; from += most {
		p := b.part
		p.From, p.To, p.Shared = from, min(from+most, b.devices), b.shared
		c, _, err := p.start()
		if err != nil {
			return err
		}
		b.fleet = append(b.fleet, c)
	}
	heard := map[algebra.DeviceID]bool{}
	for len(heard) < b.devices {
		select {
		case c, ok := <-feed:
			if !ok {
				return errors.New("the connection to the broker was lost")
			}
			if _, info := c.Message.(wire.DeviceInfo); info {
				heard[c.Device] = true
			}
		case <-time.After(2 * time.Minute):
			return fmt.Errorf("only %d of %d devices were heard", len(heard), b.devices)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.result.Connect = time.Since(began).Seconds()
	return nil
}

// change plans, reviews and applies a version of the World to the whole fleet.
func (b *fleetBench) change(ctx context.Context, version int) error {
	world, found := worldfile.Load(fstest.MapFS{"world.yaml": {Data: []byte(invented.World(version, `waves: [{rest: true}], gate: {healthy: 100%}`))}})
	if err := found.Err(); err != nil {
		return err
	}
	keys := wire.NewKeyring(b.part.Trust)
	reality, problems, err := executor.Observe(ctx, b.transport, keys, time.Now())
	if err := errors.Join(append(problems, err)...); err != nil {
		return err
	}
	began := time.Now()
	approved, report := policies.Review(policies.Proposal{Plan: planner.Make(world, reality), Reality: reality, Now: reality.ObservedAt},
		nil, policies.Options{NoGates: world.NoGates})
	if report.Denied() {
		return errors.New(report.Text(false))
	}
	b.result.Plan = time.Since(began).Seconds()
	out, err := executor.Applier{Transport: b.transport, Key: b.key, Keys: keys, By: "bench", Holder: "bench", Now: time.Now, Watch: fleetProgress(b.console.errw, b.hub.Counts)}.Apply(ctx, approved)
	if err != nil {
		return err
	}
	if out.Run.Status != wire.RunSucceeded || out.Count.Healthy != b.devices {
		return fmt.Errorf("the run is %s with %+v; %s%s", out.Run.Status, out.Count, out.Run.Reason, leftText(out.Left))
	}
	records, err := b.transport.Read(ctx)
	if err != nil {
		return err
	}
	return b.reckon(records)
}

// reckon finds out from the store's own clock how long the last change took.
func (b *fleetBench) reckon(records executor.Records) error {
	web := algebra.MustApp("web")
	var took []time.Duration
	var first, published, last time.Time
	for _, d := range records.Devices {
		said := d.States[web]
		took = append(took, said.At.Sub(d.Desired.At))
		if first.IsZero() || d.Desired.At.Before(first) {
			first = d.Desired.At
		}
		if d.Desired.At.After(published) {
			published = d.Desired.At
		}
		if said.At.After(last) {
			last = said.At
		}
	}
	if len(took) != b.devices {
		return fmt.Errorf("records of %d devices, want %d", len(took), b.devices)
	}
	slices.Sort(took)
	share := func(percent int) float64 { return took[(len(took)*percent+99)/100-1].Seconds() }
	b.result.Publish, b.result.Converge = published.Sub(first).Seconds(), last.Sub(first).Seconds()
	b.result.P50, b.result.P99 = share(50), share(99)
	return nil
}

// weigh looks at memory and at JetStream.
func (b *fleetBench) weigh(ctx context.Context) error {
	b.result.Broker, b.result.Operator = resident(b.broker.cmd.Process.Pid), resident(os.Getpid())
	for _, c := range b.fleet {
		b.result.Fleet += resident(c.cmd.Process.Pid)
	}
	js, err := jetstream.New(b.conn)
	if err != nil {
		return err
	}
	streams := js.ListStreams(ctx)
	for s := range streams.Info() {
		b.result.Consumers += s.State.Consumers
	}
	return streams.Err()
}
