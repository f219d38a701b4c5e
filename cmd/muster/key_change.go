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

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
)

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
