package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/agent/vault"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
)

func secretCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "secret",
		Short: "give devices secrets that only they can open",
		Args:  knownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(secretSet(c), secretList(c), secretRemove(c))
	return cmd
}

// secretly is the flags of secret set and secret remove.
type secretly struct {
	source   source
	where    string
	user     string
	from     string
	newKey   bool
	registry bool
}

func secretSet(c *console) *cobra.Command {
	s := &secretly{source: source{console: c}}
	cmd := &cobra.Command{
		Use:   "set NAME [DEVICE…]",
		Short: "seal a text to each device's own key, and deliver it",
		Long: `set reads a text from the input, or from a file, and seals it to the key of each device, so that
neither the fleet's side nor the broker can read it. A container sees it by

  secrets: [{name: NAME, env: VARIABLE}]  or  secrets: [{name: NAME, path: /etc/app/secret}]

from its next start on; what runs keeps what it started with. With --registry NAME is the host of a
registry, as images name it, and the text the password: agents then log in to fetch from there.

The key of a device is noted beside the configuration when it is first seen. If a device shows
another one later, set refuses it: see to it that the device was set up anew, then give --new-key.`,
		Example: `  pass show shop/db | muster secret set db-password --where '@shops'
  muster secret set db-password edge-001 --from db.txt
  muster secret set registry.example --registry --username robot --where all <token`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeDevices(&s.source, false),
		RunE:              func(cmd *cobra.Command, args []string) error { return s.set(cmd.Context(), args[0], args[1:]) },
	}
	s.addFlags(cmd)
	cmd.Flags().StringVar(&s.from, "from", "-", "`FILE` with the text; - is the input. One line end at its end is left out")
	cmd.Flags().BoolVar(&s.registry, "registry", false, "the text is the password of a registry, NAME its host")
	cmd.Flags().StringVar(&s.user, "username", "", "the `USER` of the registry")
	cmd.Flags().BoolVar(&s.newKey, "new-key", false, "seal to the key a device shows now, although it showed another before")
	return cmd
}

func (s *secretly) addFlags(cmd *cobra.Command) {
	s.source.addClusterFlags(cmd)
	cmd.Flags().StringVar(&s.where, "where", "", "all devices of this `EXPR`, a selector or fleet, instead of naming them")
}

func (s *secretly) set(ctx context.Context, name string, devices []string) error {
	use := wire.ForContainers
	if s.registry {
		use = wire.ForRegistry
	}
	secret := wire.Secret{Name: wire.SecretName(name), Use: use}
	if err := secret.Name.Check(use); err != nil {
		return err
	}
	if s.registry == (s.user == "") {
		return errors.New("secret: --registry and --username go together")
	}
	if err := s.meant("secret set", devices); err != nil {
		return err
	}
	text, err := s.text()
	if err != nil {
		return err
	}
	return s.each(ctx, "secret set", devices, func(fleet *cluster, kv jetstream.KeyValue, key signer, d algebra.DeviceID, xkey string) (string, error) {
		if err := key.pins.check(d, xkey, s.newKey); err != nil {
			return "", err
		}
		one := secret
		one.Device = d
		at := wire.SecretKey(d, one.Name)
		e, err := kv.Get(ctx, at)
		var last uint64
		switch {
		case err == nil:
			last = e.Revision()
			one.Revision = claimedRevision(e.Value())
		case !errors.Is(err, jetstream.ErrKeyNotFound):
			return "", err
		}
		// The clock lets a revision grow also where the last one was lost.
		one.Revision = max(one.Revision+1, uint64(time.Now().Unix()))
		if one.Box, one.Sender, err = vault.Seal(text, xkey); err != nil {
			return "", err
		}
		raw, err := wire.SignSecret(key.private, one)
		if err != nil {
			return "", err
		}
		if last == 0 {
			_, err = kv.Create(ctx, at, raw)
		} else {
			_, err = kv.Update(ctx, at, raw, last)
		}
		if err != nil {
			return "", err
		}
		if err := key.pins.note(d, xkey); err != nil {
			return "", err
		}
		return "set", fleet.audit(ctx, "secret-set", d.String(), map[string]string{"name": name, "revision": fmt.Sprint(one.Revision)})
	})
}

// text is the secret as it is sealed.
func (s *secretly) text() ([]byte, error) {
	in, err := s.source.console.open(s.from)
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, maxSecret+1))
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	text = []byte(strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"))
	if len(text) == 0 || len(text) > maxSecret {
		return nil, fmt.Errorf("secret: %d bytes; want 1 to %d", len(text), maxSecret)
	}
	if s.registry {
		return registryLogin(s.user, string(text))
	}
	return text, nil
}

// maxSecret is what podman keeps as one secret.
const maxSecret = 500 << 10

func secretRemove(c *console) *cobra.Command {
	s := &secretly{source: source{console: c}}
	cmd := &cobra.Command{
		Use:               "remove NAME [DEVICE…]",
		Short:             "take a secret from devices; what runs with it goes on until its next start",
		Example:           "  muster secret remove db-password edge-001",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeDevices(&s.source, false),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, name := cmd.Context(), wire.SecretName(args[0])
			if err := name.Check(wire.ForRegistry); err != nil {
				return err
			}
			return s.each(ctx, "secret remove", args[1:], func(fleet *cluster, kv jetstream.KeyValue, _ signer, d algebra.DeviceID, _ string) (string, error) {
				at := wire.SecretKey(d, name)
				if _, err := kv.Get(ctx, at); err != nil {
					return "", fmt.Errorf("it has no secret %s", name)
				}
				if err := kv.Delete(ctx, at); err != nil {
					return "", err
				}
				return "removed", fleet.audit(ctx, "secret-remove", d.String(), map[string]string{"name": string(name)})
			})
		},
	}
	s.addFlags(cmd)
	return cmd
}

// each does something with the secret of each device that is meant, and prints what became of it.
// It goes on after a device that fails.
func (s *secretly) each(ctx context.Context, verb string, names []string,
	do func(fleet *cluster, kv jetstream.KeyValue, key signer, d algebra.DeviceID, xkey string) (string, error)) error {
	if err := s.meant(verb, names); err != nil {
		return err
	}
	fleet, err := s.source.join(ctx)
	if err != nil {
		return err
	}
	defer fleet.close()
	if err := fleet.may(verb, identity.Deployer); err != nil {
		return err
	}
	key, err := fleet.signer(s.source.configFile())
	if err != nil {
		return err
	}
	kv, err := fleet.bucket(ctx, wire.SecretsBucket)
	if err != nil {
		return err
	}
	reality, err := fleet.observe(ctx, s.source.console)
	if err != nil {
		return err
	}
	g := stand(algebra.World{}, false, reality)
	meant, err := s.devices(g, names)
	if err != nil {
		return err
	}
	failed := 0
	for i := range meant.Ordinals() {
		d := g.roster.Device(i)
		did, err := "", error(nil)
		if xkey := d.Facts[agent.FactXKey]; xkey == "" {
			err = errors.New("it never showed a key: its agent is too old, or was never connected")
		} else {
			did, err = do(fleet, kv, key, d.ID, xkey)
		}
		if err != nil {
			failed++
			did = "not done: " + err.Error()
		}
		fmt.Fprintf(s.source.console.out, "%s: %s\n", d.ID, did)
	}
	if failed > 0 {
		return fmt.Errorf("%s: not done on %s", verb, counted(failed, "device", "devices"))
	}
	return nil
}

// meant refuses who names no devices, or names them in two ways.
func (s *secretly) meant(verb string, names []string) error {
	if (len(names) == 0) == (s.where == "") {
		return fmt.Errorf("%s: name devices, or give --where EXPR", verb)
	}
	return nil
}

func (s *secretly) devices(g ground, names []string) (algebra.Fleet, error) {
	if s.where != "" {
		return g.named("--where", s.where)
	}
	for _, n := range names {
		id, err := algebra.ParseDeviceID(n)
		if err != nil {
			return algebra.Fleet{}, err
		}
		if _, known := g.roster.Ordinal(id); !known {
			return algebra.Fleet{}, fmt.Errorf("there is no device %s; muster device list shows those there are", n)
		}
	}
	return g.named("devices", "{"+strings.Join(names, ", ")+"}")
}
