package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/agent/podman/sandbox"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
)

// developing is the flags of muster dev.
type developing struct {
	console *console
	dir     string
	port    int
	devices int
	roster  string
	podman  string
}

func devCommand(c *console) *cobra.Command {
	d := &developing{console: c}
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "run a whole fleet on this machine: broker, hub, simulated devices and one real one",
		Long: `dev starts a NATS server with JetStream, the hub, simulated devices and, where podman is
present, a device that runs real containers. Everything is kept in one directory, listens on
loopback only, and ends with ctrl-c; started again there, the same fleet is back.

Other commands find it through the file it writes:

  export MUSTER_CONFIG=.muster/config.toml

--podman says where the real device runs its containers: auto takes the machine's own podman
service, or else a private one in the directory; private always a private one; off none; any
other value is the path of a podman socket.`,
		Example: `  muster dev
  muster dev --devices 200 --podman private
  muster dev --roster devices.jsonl --podman off`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&d.dir, "dir", ".muster", "`DIR` to keep the fleet in")
	cmd.Flags().IntVar(&d.port, "port", 0, "`PORT` on 127.0.0.1; 0 takes a free one")
	cmd.Flags().IntVar(&d.devices, "devices", 20, "`N` simulated devices to make up")
	cmd.Flags().StringVar(&d.roster, "roster", "", "`FILE` of devices to simulate instead, as JSON lines")
	cmd.Flags().StringVar(&d.podman, "podman", "auto", "auto, private, off, or the `SOCKET` of a podman service")
	cmd.MarkFlagsMutuallyExclusive("devices", "roster")
	return cmd
}

func (d *developing) run(ctx context.Context) (err error) {
	devices, err := d.simulated()
	if err != nil {
		return err
	}
	dir, err := openDevDir(d.dir)
	if err != nil {
		return fmt.Errorf("dev: %w", err)
	}
	log, closeLog, err := dir.log()
	if err != nil {
		return fmt.Errorf("dev: %w", err)
	}
	defer closeLog()
	issuer, err := startIssuer(dir)
	if err != nil {
		return fmt.Errorf("dev: %w", err)
	}
	defer issuer.Stop()
	trust, err := os.ReadFile(dir.at("operator.pub"))
	if err != nil {
		return fmt.Errorf("dev: %w", err)
	}
	fleet, err := compose(ctx, parts{broker: nats.ServerConfig{Dir: dir.at("jetstream"), Port: d.port}, oidc: devOIDC(issuer),
		registrar: registrar{issuer}, trust: trust, log: log})
	if err != nil {
		return fmt.Errorf("dev: %w", err)
	}
	defer fleet.stop()
	server := fleet.server
	real, closeReal, err := d.realDevice(ctx, dir, server)
	if err != nil {
		return fmt.Errorf("dev: %w", err)
	}
	defer func() { err = errors.Join(err, closeReal()) }()
	if err := register(ctx, fleet.transport, devices); err != nil {
		return fmt.Errorf("dev: %w", err)
	}
	tokens, err := simulatedKeys(issuer, devices)
	if err != nil {
		return fmt.Errorf("dev: %w", err)
	}
	stop, err := simulate(ctx, dir, server.URL(), devices, tokens)
	if err != nil {
		return fmt.Errorf("dev: %w", err)
	}
	defer stop()
	// The configuration comes last: who sees it can use the fleet.
	if err := dir.configure(server.URL(), devOIDC(issuer)); err != nil {
		return fmt.Errorf("dev: %w", err)
	}
	fmt.Fprintf(d.console.out, "%d simulated and %d real devices, NATS at %s\nexport MUSTER_CONFIG=%s\n",
		len(devices), len(real), server.URL(), dir.at("config.toml"))
	<-ctx.Done()
	return dir.close()
}

// simulated is the devices to play.
func (d *developing) simulated() ([]algebra.Device, error) {
	if d.roster == "" {
		if d.devices < 0 || d.devices > 20000 {
			return nil, fmt.Errorf("dev: --devices %d: want 0 to 20000", d.devices)
		}
		return simulatedDevices(d.devices), nil
	}
	text, err := d.console.read(d.roster)
	if err != nil {
		return nil, fmt.Errorf("dev: %w", err)
	}
	devices, _, bad := readRoster(shown(d.roster), text)
	return devices, bad.Err()
}

// register enters devices that the registry does not know. One that it knows keeps its labels.
func register(ctx context.Context, t executor.Transport, devices []algebra.Device) error {
	var writes []executor.Write
	for _, d := range devices {
		writes = append(writes, executor.SetEntry{Entry: wire.DeviceEntry{
			Device: d.ID, Labels: d.Labels, Lifecycle: algebra.Enrolled, SetBy: "muster dev", At: time.Now().UTC()}})
	}
	results, err := t.Write(ctx, writes)
	if err != nil {
		return err
	}
	for i, r := range results {
		if r.Err != nil && !errors.Is(r.Err, executor.ErrMoved) { // moved: it is there already
			return fmt.Errorf("register %s: %w", devices[i].ID, r.Err)
		}
	}
	return nil
}

// podmanSocket is where the machine's own podman service listens, if it runs.
const podmanSocket = "/run/podman/podman.sock"

// realDevice starts an agent of its own process with podman, where that is to be had. Where
// it is not, it says why and there is none.
func (d *developing) realDevice(ctx context.Context, dir devDir, server *nats.Server) ([]algebra.Device, func() error, error) {
	nothing := func() error { return nil }
	if d.podman == "off" {
		return nil, nothing, nil
	}
	socket, closePodman := d.podman, nothing
	if socket == "auto" {
		socket = "private"
		if _, err := os.Stat(podmanSocket); err == nil {
			socket = podmanSocket
		}
	}
	if socket == "private" {
		service, err := sandbox.Start(ctx, dir.at("podman"))
		var unavailable *sandbox.Unavailable
		if errors.As(err, &unavailable) && d.podman == "auto" {
			d.console.note("", "no real device: %s", unavailable.Reason)
			return nil, nothing, nil
		}
		if err != nil {
			return nil, nothing, err
		}
		socket, closePodman = service.Socket, service.Close
		if err := writeEnv(dir.at("podman.env"), service.Env()); err != nil {
			return nil, nothing, errors.Join(err, closePodman())
		}
	}
	device, stop, err := startAgent(ctx, dir, server, socket)
	if err != nil {
		return nil, nothing, errors.Join(err, closePodman())
	}
	return []algebra.Device{device}, func() error { return errors.Join(stop(), closePodman()) }, nil
}

// agentBinary is muster-agent beside this binary, or on the path.
func agentBinary() string {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "muster-agent")
		if _, err := os.Stat(beside); err == nil {
			return beside
		}
	}
	return "muster-agent"
}
