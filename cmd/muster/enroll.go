package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/enroll"
	"github.com/musterfleet/muster/identity/enroll/desk"
)

// enrolling is the flags of muster enroll.
type enrolling struct {
	source
	console *console
	device  string
	labels  []string
	fact    string
	until   time.Duration
	approve bool
	into    string
	format  string
}

func enrollCommand(c *console) *cobra.Command {
	e := &enrolling{console: c}
	cmd := &cobra.Command{
		Use:   "enroll",
		Short: "make a one-time token with which a device joins the fleet",
		Long: `enroll prints a token and the command to type on the device. The token counts once, for the
first device that uses it, and only until its end. The device waits in the lobby until somebody
approves it (muster device approve), unless --approve says that whoever holds the token may in.

Labels are set by operators and never by devices: those given here are what the device is
entered with.

--into has the device join from here: the credential that it then has is put into DIR/ID, from where
muster device setup places it on a machine. The token is used up by that and not printed.`,
		Example: `  muster enroll --device edge-007 --label site=berlin --approve
  muster enroll --device edge-007 --approve --into credentials
  muster enroll --fact model=rpi4 --for 15m`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.run(cmd.Context()) },
	}
	e.addClusterFlags(cmd)
	cmd.Flags().StringVar(&e.device, "device", "", "the only `ID` the token is for; also lets that device come back with a new key")
	cmd.Flags().StringArrayVar(&e.labels, "label", nil, "`KEY=VALUE` to enter the device with; again for more")
	cmd.Flags().StringVar(&e.fact, "fact", "", "`KEY=VALUE` that the device must report of itself")
	cmd.Flags().DurationVar(&e.until, "for", time.Hour, "`TIME` until the token ends, at most a day")
	cmd.Flags().BoolVar(&e.approve, "approve", false, "let the device in without asking again")
	cmd.Flags().StringVar(&e.into, "into", "", "`DIR` to keep the credentials of devices in, each in a directory by its id; needs --device and --approve")
	cmd.Flags().StringVarP(&e.format, "output", "o", "text", "text, json, or name: the token alone")
	return cmd
}

func (e *enrolling) run(ctx context.Context) error {
	offer, err := e.offer()
	if err != nil {
		return err
	}
	config, err := e.configuration()
	if err != nil {
		return err
	}
	var trust []byte
	for _, path := range config.Keys.Trust {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("trusted key: %w", err)
		}
		trust = append(trust, text...)
	}
	fleet, err := e.join(ctx)
	if err != nil {
		return err
	}
	defer fleet.close()
	if err := fleet.may("enroll", identity.Enroller); err != nil {
		return err
	}
	token := enroll.NewToken(trust)
	if err := fleet.offer(ctx, offer, token); err != nil {
		return err
	}
	if e.into != "" {
		return e.enter(ctx, fleet, token)
	}
	command := fmt.Sprintf("muster-agent join %s --token %s", fleet.config.NATS.URL, token.Text())
	if e.device != "" {
		command += " --device " + e.device
	}
	switch e.format {
	case "json":
		return indented(e.console, map[string]any{"token": token.Text(), "command": command, "until": offer.Until, "approved": offer.Approved})
	case "name":
		_, err = fmt.Fprintln(e.console.out, token.Text())
		return err
	}
	_, err = fmt.Fprintln(e.console.out, command)
	if !offer.Approved {
		e.console.note("or give --approve", "the device then waits for muster device approve")
	}
	return err
}

// enter has the device join from here, with a key that is made here, and keeps its credential.
func (e *enrolling) enter(ctx context.Context, fleet *cluster, token enroll.Token) error {
	dir := filepath.Join(e.into, e.device)
	intent := identity.EnrollmentIntent{URL: fleet.config.NATS.URL, Token: token.Text(), Device: e.device}
	credential, err := intent.Resolve(ctx, dir, enroll.OverNATS(nil))
	if err != nil {
		return err
	}
	if err := credential.Install(dir); err != nil {
		return err
	}
	switch e.format {
	case "json":
		return indented(e.console, map[string]any{"device": e.device, "directory": dir})
	case "name":
		_, err = fmt.Fprintln(e.console.out, dir)
		return err
	}
	_, err = fmt.Fprintf(e.console.out, "%s is enrolled; its credential is in %s\n", e.device, dir)
	return err
}

// offer keeps an offer, in the bucket or by the office, and puts it on record.
func (c *cluster) offer(ctx context.Context, o enroll.Offer, t enroll.Token) error {
	o.ID, o.Hash = t.ID, t.Hash()
	if c.office != nil {
		return c.office.Offer(ctx, o)
	}
	offers, err := c.bucket(ctx, wire.OffersBucket)
	if err != nil {
		return err
	}
	o.By = c.name()
	if err := desk.Keep(ctx, offers, o); err != nil {
		return err
	}
	return c.audit(ctx, "enroll", o.ID, map[string]string{"device": o.Device.String(), "labels": strings.Trim(labelsText(o.Labels), " ()")})
}

// offer is what the flags say, checked.
func (e *enrolling) offer() (enroll.Offer, error) {
	o := enroll.Offer{Approved: e.approve, Until: time.Now().Add(e.until).UTC().Truncate(time.Second)}
	if e.until < time.Minute || e.until > 24*time.Hour {
		return o, fmt.Errorf("enroll: --for %s: want a minute to a day", e.until)
	}
	switch e.format {
	case "text", "json", "name":
	default:
		return o, fmt.Errorf("enroll: -o %s: want text, json or name", e.format)
	}
	if e.into != "" {
		if e.device == "" || !e.approve || e.fact != "" {
			return o, errors.New("enroll: --into needs --device and --approve, and there is no --fact to check here")
		}
		if file := filepath.Join(e.into, e.device, identity.ConfigFile); there(file) {
			return o, fmt.Errorf("enroll: %s is there: the device has a credential already", file)
		}
	}
	var err error
	if e.device != "" {
		if o.Device, err = algebra.ParseDeviceID(e.device); err != nil {
			return o, fmt.Errorf("enroll: %w", err)
		}
	}
	if o.Labels, err = pairs("--label", e.labels); err != nil {
		return o, fmt.Errorf("enroll: %w", err)
	}
	if e.fact != "" {
		facts, err := pairs("--fact", []string{e.fact})
		if err != nil {
			return o, fmt.Errorf("enroll: %w", err)
		}
		for o.Fact, o.Value = range facts {
		}
	}
	return o, nil
}

// pairs reads KEY=VALUE words.
func pairs(flag string, words []string) (map[string]string, error) {
	if len(words) == 0 {
		return nil, nil
	}
	out := map[string]string{}
	for _, w := range words {
		k, v, ok := strings.Cut(w, "=")
		if !ok || k == "" {
			return nil, fmt.Errorf("%s %s: want KEY=VALUE", flag, w)
		}
		out[k] = v
	}
	return out, nil
}

// bucket opens one of the fleet's buckets.
func (c *cluster) bucket(ctx context.Context, name string) (jetstream.KeyValue, error) {
	js, err := jetstream.New(c.conn)
	if err != nil {
		return nil, err
	}
	kv, err := js.KeyValue(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", name, err)
	}
	return kv, nil
}

// there reports whether a file is there.
func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
