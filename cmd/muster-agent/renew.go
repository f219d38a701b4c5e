package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/enroll"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

const renewUsage = `muster-agent renew [--config FILE]

Has the fleet know this device by a new key, which is made here and never leaves it. The fleet wants
a proof by the key so far, and retires that once the new one is in place. A running agent goes on
with the new key by itself, and renews keys that have an end before they end.

Options:
`

const renewExample = `
Example:
  muster-agent renew --config /etc/muster/config.toml
`

// renew changes the device's key now.
func renew(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("muster-agent renew", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are told by main, help below
	path := env("MUSTER_CONFIG")
	if path == "" {
		path = "/etc/muster/" + identity.ConfigFile
	}
	file := flags.String("config", path, "configuration `file` that join wrote (MUSTER_CONFIG)")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(out, renewUsage)
		flags.SetOutput(out)
		flags.PrintDefaults()
		_, _ = io.WriteString(out, renewExample)
		return err
	case err != nil:
		return fmt.Errorf("%w; see muster-agent renew --help", err)
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected %q; options start with --", flags.Arg(0))
	}
	c, err := identity.Load(*file, env)
	if err != nil {
		return err
	}
	until, err := renewKey(ctx, c)
	if err != nil {
		return err
	}
	ends := "without end"
	if !until.IsZero() {
		ends = "until " + until.Format(time.DateOnly)
	}
	_, err = fmt.Fprintf(out, "%s has a new key, %s; the old one is retired.\n", c.Device, ends)
	return err
}

func renewKey(ctx context.Context, c identity.Config) (time.Time, error) {
	if c.OIDC.KeyFile == "" {
		return time.Time{}, errors.New("renew: the configuration names no oidc.key_file; who keeps the token file fresh keeps the key")
	}
	d, err := algebra.ParseDeviceID(c.Device)
	if err != nil {
		return time.Time{}, fmt.Errorf("renew: %w", err)
	}
	source, err := machine.ByKey(c.OIDC)
	if err != nil {
		return time.Time{}, fmt.Errorf("renew: %w", err)
	}
	return c.OIDC.RenewKey(ctx, enroll.RenewOverNATS(c.NATS.URL, d, source.Token))
}

// Pauses between looks at the key's age.
const (
	keyLook  = time.Hour
	keyRetry = 10 * time.Minute
)

// keepKey renews the device's key when it is due, until ctx ends. A key that cannot be renewed now is
// tried again: there is a third of its life left for it.
func keepKey(ctx context.Context, c identity.Config, log *slog.Logger) {
	for c.OIDC.KeyFile != "" {
		wait := keyLook
		due, err := c.OIDC.RenewalDue()
		if err == nil && !due.IsZero() {
			if wait = min(wait, time.Until(due)); wait <= 0 {
				var until time.Time
				if until, err = renewKey(ctx, c); err == nil {
					log.Info("the device has a new key", "until", until)
					wait = keyRetry // and no sooner, whatever lives the issuer gives to keys
				}
			}
		}
		if err != nil {
			log.Error("the device's key", "error", err)
			wait = keyRetry
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}
