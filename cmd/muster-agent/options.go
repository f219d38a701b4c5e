package main

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity"
)

// options are what run needs to know, from flags over environment over configuration file.
type options struct {
	identity.Config
	device algebra.DeviceID
	// configDir is where the configuration lies, empty if it all came by flags.
	configDir    string
	state        string
	podman       string
	veto         string
	update       string
	updateWithin time.Duration
	simulate     bool
	verbose      bool
	keys         []ed25519.PublicKey
}

const runUsage = `muster-agent run [options]

Options, each also a variable of the environment:
`

const runExample = `
Example:
  muster-agent join tls://fleet.example:4222 --token mt1.…    once
  muster-agent run --config /etc/muster/config.toml          from then on
`

// stateDir is where the agent remembers if no flag says otherwise.
func stateDir(env func(string) string) string {
	return cmp.Or(env("MUSTER_STATE"), "/var/lib/muster-agent")
}

// parse reads the options. All that is wrong with them is told at once.
func parse(verb string, args []string, env func(string) string, out io.Writer) (options, error) {
	var o options
	or := func(name, otherwise string) string {
		if v := env(name); v != "" {
			return v
		}
		return otherwise
	}
	flags := flag.NewFlagSet("muster-agent "+verb, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are told by main, help below
	config := flags.String("config", env("MUSTER_CONFIG"), "configuration `file` in TOML, as the operator's (MUSTER_CONFIG)")
	nats := flags.String("nats", "", "`URL` of the fleet's NATS server (MUSTER_NATS_URL)")
	device := flags.String("device", "", "`id` of this device (MUSTER_DEVICE)")
	token := flags.String("token-file", "", "`file` with the token to show, read at each connection (MUSTER_NATS_TOKEN_FILE)")
	key := flags.String("key", "", "public key `files` of the operators, comma-separated (MUSTER_KEYS_TRUST)")
	flags.StringVar(&o.veto, "veto", env("MUSTER_VETO"), "`program` that is asked before each change and may forbid it (MUSTER_VETO)")
	flags.StringVar(&o.update, "update", env("MUSTER_UPDATE"), "`file` at which a new binary of the agent may appear, to change over to (MUSTER_UPDATE)")
	flags.DurationVar(&o.updateWithin, "update-within", 2*time.Minute, "`time` in which a new binary has to be answered by the fleet")
	flags.StringVar(&o.state, "state", stateDir(env), "`directory` to remember in (MUSTER_STATE)")
	flags.StringVar(&o.podman, "podman", or("MUSTER_PODMAN", "/run/podman/podman.sock"), "`socket` of podman's service (MUSTER_PODMAN)")
	flags.BoolVar(&o.simulate, "simulate", false, "run nothing: keep what would run in memory")
	flags.BoolVar(&o.verbose, "verbose", false, "log more")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(out, runUsage)
		flags.SetOutput(out)
		flags.PrintDefaults()
		_, _ = io.WriteString(out, runExample)
		return o, err
	case err != nil:
		return o, fmt.Errorf("%w; see muster-agent %s --help", err, verb)
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected %q; options start with --", flags.Arg(0))
	}
	c, err := identity.Load(*config, env)
	if err != nil {
		return o, err
	}
	if *nats != "" {
		c.NATS.URL = *nats
	}
	if *device != "" {
		c.Device = *device
	}
	if *token != "" {
		c.NATS.TokenFile = *token
	}
	if *key != "" {
		c.Keys.Trust = strings.Split(*key, ",")
	}
	o.Config = c
	if o.state, err = filepath.Abs(o.state); err != nil {
		return o, err
	}
	if *config != "" {
		at := *config
		if info, err := os.Stat(at); err == nil && !info.IsDir() {
			at = filepath.Dir(at)
		}
		if o.configDir, err = filepath.Abs(at); err != nil {
			return o, err
		}
	}
	return o, o.check()
}

func (o *options) check() error {
	var errs []error
	if o.NATS.URL == "" {
		errs = append(errs, errors.New("nats: no URL; give --nats or MUSTER_NATS_URL"))
	} else if u, err := url.Parse(o.NATS.URL); err != nil || u.Host == "" {
		// A client that tries on for ever would take this for a server that is away.
		errs = append(errs, fmt.Errorf("nats: %q is no URL of a server; want nats://HOST:4222 or tls://HOST:4222", o.NATS.URL))
	}
	var err error
	if o.Device == "" {
		errs = append(errs, errors.New("device: no id; give --device or MUSTER_DEVICE"))
	} else if o.device, err = algebra.ParseDeviceID(o.Device); err != nil {
		errs = append(errs, err)
	}
	if _, err := o.NATS.Token(); err != nil {
		errs = append(errs, err)
	}
	if len(o.Keys.Trust) == 0 {
		errs = append(errs, errors.New("key: none of an operator; give --key or MUSTER_KEYS_TRUST"))
	} else if o.keys, err = o.Keys.Trusted(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
