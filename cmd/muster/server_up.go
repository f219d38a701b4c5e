package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/agent/setup"
)

// Where things of a server are.
const (
	serverAccount  = "muster-server"
	serverConfig   = "/etc/muster-server"
	serverUnit     = "muster-server.service"
	operatorUnit   = "muster-operator.service"
	musterPath     = "/usr/local/bin/muster"
	operatorListen = "127.0.0.1:9464"
)

// serverRoom is what records of a fleet take at the least.
const serverRoom = 512 << 20

type uping struct {
	console *console
	shape   serverShape
	world   string
	dryRun  bool
	noStart bool
	output  *choice
}

func serverUp(c *console) *cobra.Command {
	u := &uping{console: c}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "make this machine the fleet's server, as units of systemd",
		Long: `up brings this machine step by step into the state that the server runs in: this binary, an account,
the keys that --tls-key and the like name, and units of systemd: muster-server, and with --world
muster-operator, which applies that World. --dry-run shows what it would change and changes nothing.
Each step looks first, changes only what differs, and is undone if it fails; a second run finds nothing to do.

An upgrade is the same with a newer binary: back up, run its server up, check.`,
		Example: `  muster server up --dry-run
  muster server up --name hub.example --listen 0.0.0.0:4222 --issuer-listen 0.0.0.0:4280 \
    --tls-cert hub.crt --tls-key hub.key --world /srv/worlds/shop
  muster server up --issuer https://sso.example --audience 2718 --registrar-key muster.json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return u.run(cmd.Context()) },
	}
	u.shape.add(cmd)
	cmd.Flags().StringVar(&u.world, "world", "", "`DIR` of the World that the operator applies; the account muster-server must be able to read it")
	cmd.Flags().BoolVar(&u.dryRun, "dry-run", false, "show what would change, and change nothing")
	cmd.Flags().BoolVar(&u.noStart, "no-start", false, "place everything and start nothing, as for an image, or where no systemd runs")
	u.output = outputFlag(cmd, "text", "json")
	return cmd
}

func (u *uping) run(ctx context.Context) error {
	if err := u.shape.check(); err != nil {
		return fmt.Errorf("server up: %w", err)
	}
	if os.Getuid() != 0 {
		return errors.New("server up: needs root: sudo muster server up …")
	}
	steps, err := u.steps()
	if err != nil {
		return fmt.Errorf("server up: %w", err)
	}
	if u.shape.open() {
		u.console.note("give --tls-cert and --tls-key", "tokens will go over the network as they are: %s is no loopback address", u.shape.listen)
	}
	m, err := setup.OpenMachine("/")
	if err != nil {
		return err
	}
	defer m.Close()
	do := setup.Run
	if u.dryRun {
		do = setup.Diff
	}
	done, err := do(ctx, m, steps)
	r := setupResult{Device: "server", Changes: append([]string{}, done...)}
	if err != nil {
		r.Error = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return (&settingUp{console: u.console, dryRun: u.dryRun, output: u.output}).print([]setupResult{r})
}

// steps are those of a server. What it is shows in the flags of the unit.
func (u *uping) steps() ([]setup.Step, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		return nil, err
	}
	steps := []setup.Step{setup.Disk("/var", serverRoom), setup.Cgroups()}
	if !u.noStart {
		steps = append(steps, setup.Systemd(), setup.Free(u.shape.listen, serverUnit))
		if u.shape.issuer == "" {
			steps = append(steps, setup.Free(u.shape.issuerListen, serverUnit))
		}
	}
	steps = append(steps, setup.Account(serverAccount, serverState),
		setup.Place("muster", musterPath, "root", setup.Entry{Data: binary, Mode: 0o755}),
		setup.Place("directory", serverConfig, serverAccount, setup.Entry{Mode: fs.ModeDir | 0o700}))
	hash := sha256.New()
	hash.Write(binary)
	shape := u.shape
	for _, f := range []struct {
		path *string
		name string
	}{{&shape.cert, "tls.crt"}, {&shape.key, "tls.key"}, {&shape.introspectKey, "introspect.json"}, {&shape.registrarKey, "registrar.json"}} {
		if *f.path == "" {
			continue
		}
		text, err := os.ReadFile(*f.path)
		if err != nil {
			return nil, err
		}
		hash.Write(text)
		*f.path = path.Join(serverConfig, f.name)
		steps = append(steps, setup.Place(f.name, *f.path, serverAccount, setup.Entry{Data: text, Mode: 0o600}))
	}
	units := []struct{ name, text string }{{serverUnit, unitText("muster-server, the fleet's side", append([]string{musterPath, "server", "run", "--dir", serverState}, shape.args()...), "")}}
	if u.world != "" {
		world, err := filepath.Abs(u.world)
		if err == nil {
			err = directory(world)
		}
		if err != nil {
			return nil, fmt.Errorf("--world: %w", err)
		}
		units = append(units, struct{ name, text string }{operatorUnit, unitText("muster-operator, which applies the World",
			[]string{musterPath, "serve", "-w", world, "--config", serverState + "/config.toml", "--listen", operatorListen}, serverUnit)})
	}
	var start []setup.Step
	for _, unit := range units {
		sum := sha256.New()
		sum.Write(hash.Sum(nil))
		sum.Write([]byte(unit.text))
		revision := hex.EncodeToString(sum.Sum(nil)[:12])
		steps = append(steps, setup.Unit(unit.name, strings.Replace(unit.text, setup.Revision+"=", setup.Revision+"="+revision, 1)))
		start = append(start, setup.Running(unit.name, revision))
		if unit.name == serverUnit {
			start = append(start, setup.Heard(serverUnit, u.answers, 30*time.Second))
		}
	}
	if u.noStart {
		return steps, nil
	}
	return append(steps, start...), nil
}

// unitText is a hardened service of the server's account. It has a place for its revision.
func unitText(about string, argv []string, after string) string {
	for i, a := range argv {
		argv[i] = quoteUnit(a)
	}
	requires := ""
	if after != "" {
		requires = "Requires=" + after + "\n"
	}
	return fmt.Sprintf(`[Unit]
Description=%s
After=network-online.target %s
Wants=network-online.target
%sStartLimitIntervalSec=0

[Service]
Type=exec
User=%s
Environment=%s=
ExecStart=%s
StateDirectory=muster-server
StateDirectoryMode=0700
WorkingDirectory=%s
UMask=0077
Restart=always
RestartSec=2
LimitNOFILE=1048576

CapabilityBoundingSet=
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
`, about, cmp.Or(after, "network.target"), requires, serverAccount, setup.Revision, strings.Join(argv, " "), serverState)
}

// quoteUnit writes an argument as systemd reads it.
func quoteUnit(a string) string {
	a = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", "$$").Replace(a)
	if strings.ContainsAny(a, " \t'\"\\;") {
		return `"` + a + `"`
	}
	return a
}
