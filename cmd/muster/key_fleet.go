package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
)

func keyTrust(c *console) *cobra.Command {
	s := &source{console: c}
	cmd := &cobra.Command{
		Use:   "trust NEW.pub…",
		Short: "have all devices trust more keys, beside those they trust now",
		Long: `trust sends the fleet a set of keys: all of keys.trust of the configuration and the new ones,
signed with keys.sign. Devices take it with their desired state, those offline when they are back.
From then on what is signed with any of the keys counts. To change over to a new key:

  muster key create new           make it
  muster key trust new.pub        devices trust both
                                  set keys.sign to new.key, and add new.pub to keys.trust
  muster key devices              wait until all have it
  muster key retire old.pub       devices trust the new one alone
                                  take old.pub from keys.trust`,
		Example: "  muster key trust ~/.config/muster/new.pub",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			more, err := identity.Keys{Trust: args}.Trusted()
			if err != nil {
				return err
			}
			return s.keys(cmd.Context(), "key trust", func(ctx context.Context, k *keyChange) error {
				for _, key := range more {
					if !k.has(key) {
						k.next.Keys = append(k.next.Keys, key)
					}
				}
				return k.send(ctx, "key-trust")
			})
		},
	}
	s.addClusterFlags(cmd)
	return cmd
}

func keyRetire(c *console) *cobra.Command {
	s := &source{console: c}
	force := false
	cmd := &cobra.Command{
		Use:   "retire OLD.pub",
		Short: "have all devices trust a key no longer",
		Long: `retire signs with keys.sign anew what is published and signed with the old key, without changing
what runs, and then sends the fleet the set of keys without it. It refuses while a device has not
taken the last set: it would then trust nobody who signs. With --force such devices are left behind
until somebody has them join again.`,
		Example: "  muster key retire ~/.config/muster/old.pub",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			old, err := identity.Keys{Trust: args}.Trusted()
			if err != nil {
				return err
			}
			return s.keys(cmd.Context(), "key retire", func(ctx context.Context, k *keyChange) error {
				return k.retire(ctx, old[0], force)
			})
		},
	}
	s.addClusterFlags(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "leave behind the devices that have not taken the last set")
	return cmd
}

func keyDevices(c *console) *cobra.Command {
	s := &source{console: c}
	cmd := &cobra.Command{
		Use: "devices", Short: "the keys that devices were told to trust, and which devices have not taken them", Args: noArguments,
		Example: "  muster key devices",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.keys(cmd.Context(), "key devices", func(ctx context.Context, k *keyChange) error {
				if k.last.Generation == 0 {
					_, err := fmt.Fprintln(c.out, "No keys were ever sent: devices trust those they joined with.")
					return err
				}
				var ids []string
				for _, key := range k.last.Keys {
					ids = append(ids, wire.KeyID(key))
				}
				fmt.Fprintf(c.out, "Generation %d: %s\n", k.last.Generation, strings.Join(ids, ", "))
				behind := k.behind()
				if len(behind) == 0 {
					_, err := fmt.Fprintln(c.out, "All devices have taken it.")
					return err
				}
				fmt.Fprintf(c.out, "Not taken by %s:\n", counted(len(behind), "device", "devices"))
				for _, d := range behind {
					fmt.Fprintln(c.out, "  "+d)
				}
				return nil
			})
		},
	}
	s.addClusterFlags(cmd)
	return cmd
}

// keyChange is the set of keys that was sent last, and the next one under way.
type keyChange struct {
	console    *console
	fleet      *cluster
	key        ed25519.PrivateKey
	kv         jetstream.KeyValue
	records    executor.Records
	last, next wire.Keyset
	revision   uint64
}

// keys reads what there is and hands it on.
func (s *source) keys(ctx context.Context, verb string, do func(context.Context, *keyChange) error) error {
	fleet, err := s.join(ctx)
	if err != nil {
		return err
	}
	defer fleet.close()
	if err := fleet.may(verb, identity.Operator); err != nil {
		return err
	}
	k := &keyChange{console: s.console, fleet: fleet}
	if k.key, err = fleet.signingKey(); err != nil {
		return err
	}
	if k.kv, err = fleet.bucket(ctx, wire.KeysetBucket); err != nil {
		return err
	}
	if k.records, err = fleet.Read(ctx); err != nil {
		return err
	}
	e, err := k.kv.Get(ctx, wire.KeysetKey)
	switch {
	case err == nil:
		k.revision = e.Revision()
		var ok bool
		if k.last, ok = wire.ClaimedKeyset(e.Value()); !ok {
			return errors.New("the keys that were sent last cannot be read; look at the bucket operator-keys")
		}
		k.next.Keys = slices.Clone(k.last.Keys)
	case errors.Is(err, jetstream.ErrKeyNotFound):
		if k.next.Keys, err = fleet.config.Keys.Trusted(); err != nil {
			return err
		}
	default:
		return err
	}
	k.next.Generation = k.last.Generation + 1
	return do(ctx, k)
}

func (k *keyChange) has(key ed25519.PublicKey) bool {
	return slices.ContainsFunc(k.next.Keys, func(k ed25519.PublicKey) bool { return k.Equal(key) })
}

// behind names the enrolled devices that have not taken the last set.
func (k *keyChange) behind() []string {
	var names []string
	for id, d := range k.records.Devices {
		if !d.Entry.Value.Lifecycle.Served() {
			continue
		}
		taken, _ := strconv.ParseUint(d.Info.Value.Facts[agent.FactKeyset], 10, 64)
		if taken < k.last.Generation {
			names = append(names, id.String())
		}
	}
	slices.Sort(names)
	return names
}

// send publishes the next set.
func (k *keyChange) send(ctx context.Context, action string) error {
	raw, err := wire.SignKeyset(k.key, k.next)
	if err != nil {
		return err
	}
	var ids []string
	for _, key := range k.next.Keys {
		ids = append(ids, wire.KeyID(key))
	}
	if err := k.fleet.audit(ctx, action, fmt.Sprintf("generation %d", k.next.Generation), map[string]string{"keys": strings.Join(ids, " ")}); err != nil {
		return err
	}
	if k.revision == 0 {
		_, err = k.kv.Create(ctx, wire.KeysetKey, raw)
	} else {
		_, err = k.kv.Update(ctx, wire.KeysetKey, raw, k.revision)
	}
	if err != nil {
		return fmt.Errorf("keys were changed by somebody else at the same time; look again: %w", err)
	}
	_, err = fmt.Fprintf(k.console.out, "Generation %d: %s. Devices take it within minutes; muster key devices tells which have.\n", k.next.Generation, strings.Join(ids, ", "))
	return err
}

func (k *keyChange) retire(ctx context.Context, old ed25519.PublicKey, force bool) error {
	id := wire.KeyID(old)
	if !k.has(old) {
		return fmt.Errorf("key %s: no device was told to trust it", id)
	}
	if k.key.Public().(ed25519.PublicKey).Equal(old) {
		return fmt.Errorf("key %s: is keys.sign of this configuration; set that to the new key first", id)
	}
	k.next.Keys = slices.DeleteFunc(k.next.Keys, func(k ed25519.PublicKey) bool { return k.Equal(old) })
	if !k.has(k.key.Public().(ed25519.PublicKey)) {
		return errors.New("keys.sign of this configuration is not among the keys that devices trust; muster key trust it first")
	}
	if behind := k.behind(); len(behind) > 0 && !force {
		return fmt.Errorf("the last set is not taken by %s yet: %s; wait, or give --force", counted(len(behind), "device", "devices"), strings.Join(behind[:min(5, len(behind))], ", "))
	}
	if err := k.resign(ctx, id); err != nil {
		return err
	}
	return k.send(ctx, "key-retire")
}

// resign signs anew what the old key signed: desired states, as a new generation of the same, and
// secrets, whose boxes stay closed.
func (k *keyChange) resign(ctx context.Context, old string) error {
	var writes []executor.Write
	for id, d := range k.records.Devices {
		by, err := wire.SignedBy(d.Desired.Value)
		if d.Desired.Revision == 0 || err != nil || by != old {
			continue
		}
		have, err := wire.Open(d.Desired.Value, id, k.fleet.keys)
		if err != nil {
			return fmt.Errorf("%w; keys.trust must still have the old key", err)
		}
		next := have.State()
		next.Generation, next.Previous = next.Generation+1, have.Digest()
		signed, err := wire.Sign(k.key, next)
		if err != nil {
			return err
		}
		writes = append(writes, executor.SetDesired{State: signed, Revision: d.Desired.Revision})
	}
	results, err := k.fleet.transport.Write(ctx, writes)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Err != nil {
			return fmt.Errorf("sign desired states anew: %w; nothing is retired, do it again", r.Err)
		}
	}
	return k.resignSecrets(ctx, old)
}

func (k *keyChange) resignSecrets(ctx context.Context, old string) error {
	kv, err := k.fleet.bucket(ctx, wire.SecretsBucket)
	if err != nil {
		return err
	}
	var entries []jetstream.KeyValueEntry
	if err := eachEntry(ctx, kv, func(e jetstream.KeyValueEntry) { entries = append(entries, e) }); err != nil {
		return err
	}
	for _, e := range entries {
		claimed, by := claimedSecret(e.Value())
		if by != old {
			continue
		}
		s, err := wire.OpenSecret(e.Value(), claimed.Device, k.fleet.keys)
		if err != nil {
			return err
		}
		raw, err := wire.SignSecret(k.key, s)
		if err != nil {
			return err
		}
		if _, err := kv.Update(ctx, e.Key(), raw, e.Revision()); err != nil {
			return fmt.Errorf("sign secret %s anew: %w; nothing is retired, do it again", s.Name, err)
		}
	}
	return nil
}
