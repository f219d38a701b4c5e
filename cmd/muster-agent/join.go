package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/musterfleet/muster/agent/facts"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/enroll"
)

const joinUsage = `muster-agent join URL --token TOKEN [options]

Enters the fleet at URL. The device makes its key here, and the key never leaves it; the fleet
gets the public half. Where somebody has to approve the device first, join waits.

Options:
`

const joinExample = `
Example:
  muster-agent join tls://fleet.example:4222 --token mt1.k3j….9f… --device edge-001
`

// join enters a fleet and writes what run needs.
func join(ctx context.Context, args []string, out, errw io.Writer) error {
	flags := flag.NewFlagSet("muster-agent join", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are told by main, help below
	token := flags.String("token", "", "what muster enroll printed; - reads it from the input")
	host, _ := os.Hostname()
	device := flags.String("device", "", "`id` to be known by (default the host's name)")
	dir := flags.String("dir", "/etc/muster", "`directory` to write the key and the configuration to")
	force := flags.Bool("again", false, "join although the directory holds a configuration")
	var url string
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		url, args = args[0], args[1:]
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(out, joinUsage)
		flags.SetOutput(out)
		flags.PrintDefaults()
		_, _ = io.WriteString(out, joinExample)
		return err
	case err != nil:
		return fmt.Errorf("%w; see muster-agent join --help", err)
	case url == "" && flags.NArg() == 1:
		url = flags.Arg(0)
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected %q; options start with --", flags.Arg(0))
	}
	if url == "" || *token == "" {
		return errors.New("join: URL and --token are required; muster enroll prints both")
	}
	if *token == "-" {
		text, err := io.ReadAll(io.LimitReader(os.Stdin, 1<<10))
		if err != nil {
			return fmt.Errorf("token: %w", err)
		}
		*token = string(text)
	}
	config := filepath.Join(*dir, identity.ConfigFile)
	if _, err := os.Stat(config); err == nil && !*force {
		return fmt.Errorf("%s is there: this device is in a fleet already; --again has it join anew", config)
	}
	intent := identity.EnrollmentIntent{URL: url, Token: *token, Device: cmp.Or(*device, host), Facts: facts.Here("/")}
	credential, err := intent.Resolve(ctx, *dir, enroll.OverNATS(func() {
		fmt.Fprintf(errw, "%s waits to be approved: muster device approve %s\n", intent.Device, intent.Device)
	}))
	if err != nil {
		return err
	}
	if err := credential.Install(*dir); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s is enrolled. Run it by: muster-agent run --config %s\n", credential.Device(), config)
	return err
}
