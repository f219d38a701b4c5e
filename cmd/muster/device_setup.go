package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/agent/setup"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity"
)

// settingUp is the flags of muster device setup.
type settingUp struct {
	source
	console     *console
	local       bool
	dryRun      bool
	noStart     bool
	again       bool
	account     string
	credentials string
	binaries    string
	hosts       []string
	within      time.Duration
	parallel    int
	reach       reachFlags
	output      *choice
}

func deviceSetup(c *console) *cobra.Command {
	s := &settingUp{console: c, source: source{console: c}}
	cmd := &cobra.Command{
		Use:   "setup [ID=]USER@HOST[:PORT]…",
		Short: "make machines devices: over SSH, or this one with --local",
		Long: `setup brings machines step by step into the state that the agent runs in: podman and a runtime, an
account, the agent's binary, its configuration and key, names in the hosts file, units of systemd,
the agent's start, and the first heartbeat. --dry-run shows what it would change and changes nothing.

Each step looks first, changes only what differs, and is undone if it fails. What came before it
stays, so a second run goes on where the first stopped, and one that finds all in place changes
nothing. A host that fails holds up no other.

A device is known by the host's name, unless ID= gives another. Its credential is read from
--credentials DIR/ID, where muster enroll --into put it; without --credentials the host must have
joined by itself (muster-agent join). The key of a host must be in known_hosts. Who is not root
there must be able to sudo without a password.

The agent runs as an account of its own, which may use podman and nothing else. Workloads of files
and of systemd units take --account root. For hosts of other architectures than this machine's,
muster-agent-linux-ARCH (amd64, arm64, armv7) is taken from --binaries DIR.`,
		Example: `  muster enroll --device edge-007 --approve --into credentials
  muster device setup edge-007=root@192.0.2.7 --credentials credentials --dry-run
  muster device setup ops@edge-001 ops@edge-002 --credentials credentials --hosts '192.0.2.1 hub.example'
  muster device setup --local --no-start`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd.Context(), args) },
	}
	s.addClusterFlags(cmd)
	f := cmd.Flags()
	f.BoolVar(&s.local, "local", false, "set this machine up; the one argument that may be given is its ID")
	f.BoolVar(&s.dryRun, "dry-run", false, "show what would change, and change nothing")
	f.BoolVar(&s.noStart, "no-start", false, "place everything and start nothing, as for an image, or where no systemd runs")
	f.BoolVar(&s.again, "again", false, "have hosts changed over that are another device, or in another fleet")
	f.StringVar(&s.account, "account", "muster-agent", "`NAME` of the account that the agent runs as; root for workloads of files and units")
	f.StringVar(&s.credentials, "credentials", "", "`DIR` with a directory for each device, as muster enroll --into writes them")
	f.StringVar(&s.binaries, "binaries", "", "`DIR` of muster-agent-linux-ARCH (default: where muster is)")
	f.StringArrayVar(&s.hosts, "hosts", nil, "a `LINE` for the hosts file, such as '192.0.2.1 hub.example'; again for more")
	f.DurationVar(&s.within, "within", 2*time.Minute, "`TIME` for a device to be heard")
	f.IntVar(&s.parallel, "parallel", 16, "`N` hosts at once")
	s.reach.add(cmd)
	s.output = outputFlag(cmd, "text", "json")
	return cmd
}

func (s *settingUp) run(ctx context.Context, args []string) error {
	if s.parallel < 1 {
		return fmt.Errorf("device setup: --parallel %d: want at least 1", s.parallel)
	}
	for _, line := range s.hosts {
		if words := strings.Fields(line); len(words) < 2 || strings.ContainsAny(line, "#\n") {
			return fmt.Errorf("device setup: --hosts %q: want an address and names", line)
		}
	}
	targets, err := s.targets(args)
	if err != nil {
		return fmt.Errorf("device setup: %w", err)
	}
	hears, leave, err := s.hears(ctx)
	if err != nil {
		return err
	}
	defer leave()
	results := s.setUpAll(ctx, targets, hears)
	return s.print(results)
}

// credential is that of a device; nil where hosts joined by themselves.
func (s *settingUp) credential(id algebra.DeviceID) (*identity.DeviceCredential, error) {
	if s.credentials == "" {
		return nil, nil
	}
	c, err := identity.ReadCredential(filepath.Join(s.credentials, id.String()))
	if err == nil && c.Device() != id.String() {
		err = fmt.Errorf("credential %s: is that of device %s", filepath.Join(s.credentials, id.String()), c.Device())
	}
	return &c, err
}

// hears gives the steps that wait for a first heartbeat. Without a fleet to ask there are none.
func (s *settingUp) hears(ctx context.Context) (step func(algebra.DeviceID) setup.Step, leave func(), err error) {
	none := func(algebra.DeviceID) setup.Step { return nil }
	if s.noStart {
		return none, func() {}, nil
	}
	if !s.given() {
		s.console.note("name it by --config FILE or MUSTER_CONFIG", "no fleet is named: whether the devices are heard is not looked at")
		return none, func() {}, nil
	}
	fleet, err := s.join(ctx)
	if err != nil {
		return nil, nil, err
	}
	ears := &ears{fleet: fleet}
	return func(id algebra.DeviceID) setup.Step {
		return setup.Heard(setup.AgentUnit, func(ctx context.Context) (bool, error) { return ears.hear(ctx, id) }, s.within)
	}, fleet.close, nil
}

// steps are what a host needs to be the device, by what it says it is.
func (s *settingUp) steps(ctx context.Context, h setup.Host, id algebra.DeviceID, heard setup.Step) ([]setup.Step, error) {
	credential, err := s.credential(id)
	if err != nil {
		return nil, err
	}
	d := setup.Device{Credential: credential, Again: s.again, Account: s.account, Hosts: s.hosts, Start: !s.noStart, Heard: heard, Now: time.Now}
	is, err := setup.Uname(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("preflight: %w", err)
	}
	switch is {
	case "Linux x86_64":
		return stepsOn[setup.AMD64](ctx, h, s.binaries, "amd64", d)
	case "Linux aarch64":
		return stepsOn[setup.ARM64](ctx, h, s.binaries, "arm64", d)
	case "Linux armv7l":
		return stepsOn[setup.ARMv7](ctx, h, s.binaries, "armv7", d)
	}
	return nil, fmt.Errorf("preflight: the host is %q; the agent runs on Linux on x86_64, aarch64 and armv7l", is)
}

func stepsOn[A setup.Arch](ctx context.Context, h setup.Host, dir, arch string, d setup.Device) ([]setup.Step, error) {
	known, err := setup.Know[A](ctx, h)
	if err != nil {
		return nil, err
	}
	artefact, err := artefactOf[A](dir, arch)
	if err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	return setup.DeviceSteps(known, artefact, d)
}

// artefactOf is the agent's binary for an architecture: one that is named for it, or else the one
// beside this binary.
func artefactOf[A setup.Arch](dir, arch string) (setup.Artefact[A], error) {
	if dir == "" {
		dir = filepath.Dir(agentBinary())
	}
	var last error
	for _, name := range []string{"muster-agent-linux-" + arch, "muster-agent"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			last = fmt.Errorf("%w; give --binaries", err)
			continue
		}
		a, err := setup.ReadArtefact[A](text)
		if err == nil {
			return a, nil
		}
		last = fmt.Errorf("%s: %w; put %s there", filepath.Join(dir, name), err, "muster-agent-linux-"+arch)
	}
	return setup.Artefact[A]{}, last
}
