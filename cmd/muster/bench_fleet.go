package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/executor/hub"
	"github.com/musterfleet/muster/executor/nats"
)

// Limits of a bench on one machine.
const (
	mostAgents   = 15_000  // connections, two files each, below the limit of 20,000 that is usual
	mostPlayed   = 200_000 // devices on shared connections
	perProcess   = 5_000   // agents
	perProcesses = 25_000  // devices on shared connections
)

// fleetBench is one run of muster bench fleet: the operator's side, in this process.
type fleetBench struct {
	console *console
	devices int
	shared  bool
	output  *choice

	dir       string
	key       ed25519.PrivateKey
	part      fleetPart // what all parts have in common
	broker    *child
	fleet     []*child
	conn, own *natsgo.Conn // the operator's and the hub's
	transport *nats.Transport
	hub       *hub.Hub
	result    fleetResult
}

func benchFleetCommand(c *console) *cobra.Command {
	b := &fleetBench{console: c}
	cmd := &cobra.Command{
		Use:   "fleet",
		Short: "run a fleet of that size on this machine, change all of it, and break its broker",
		Long: fmt.Sprintf(`fleet starts a broker and N devices as processes of this machine, on loopback and in a directory
that is removed afterwards; this process is the operator, with hub and executor. It measures how
long it takes until all devices are heard, until a change of the whole fleet is published and
runs on every device, and until all have asked again after the broker was killed; and how much
memory each side has and how many consumers JetStream.

Up to %d devices are agents, each with an authenticated connection of its own and a runtime that
only remembers. More, or all with --shared, are played over shared connections, %d on one: they
ask, follow, verify, report and beat as agents do, and there is no agent behind them. The result
says which it was.

Some 60 MiB are needed for a thousand agents, some 12 for a thousand played.`, mostAgents, perSocket),
		Example: `  muster bench fleet --devices 1000
  muster bench fleet --devices 100000 -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return b.run(cmd.Context()) },
	}
	cmd.Flags().IntVar(&b.devices, "devices", 1000, "`N` devices")
	cmd.Flags().BoolVar(&b.shared, "shared", false, "play the devices over shared connections")
	b.output = outputFlag(cmd, "text", "json")
	return cmd
}

func (b *fleetBench) run(ctx context.Context) (err error) {
	if b.devices < 1 || b.devices > mostPlayed {
		return fmt.Errorf("bench fleet: --devices %d: want 1 to %d", b.devices, mostPlayed)
	}
	b.shared = b.shared || b.devices > mostAgents
	b.result = fleetResult{Devices: b.devices, Shared: b.shared, Connections: b.devices}
	if b.shared {
		b.result.Connections = (b.devices + perSocket - 1) / perSocket
	}
	if b.dir, err = os.MkdirTemp("", "muster-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	defer b.end()
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"broker, registry and hub", b.open},
		{"devices", b.connect},
		{"first rollout", func(ctx context.Context) error { return b.change(ctx, 1) }},
		{"change of the whole fleet", func(ctx context.Context) error { return b.change(ctx, 2) }},
		{"memory and consumers", b.weigh},
		{"broker killed", b.storm},
	} {
		began := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("bench fleet: %s: %w", step.name, err)
		}
		fmt.Fprintf(b.console.errw, "%s: %s\n", step.name, time.Since(began).Round(10*time.Millisecond))
	}
	return b.print()
}

func (b *fleetBench) end() {
	for _, c := range b.fleet {
		_ = c.end()
	}
	for _, nc := range []*natsgo.Conn{b.own, b.conn} {
		if nc != nil {
			nc.Close()
		}
	}
	if b.broker != nil {
		_ = b.broker.end()
	}
}
