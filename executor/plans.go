package executor

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/policies"
)

// PlanPart is how much of a sealed plan one record holds. The last part of each is shorter.
const PlanPart = 256 << 10

// seal is an approval as bytes, signed with the key that signs desired states.
func seal(approved policies.Approved, key ed25519.PrivateKey) ([]byte, error) {
	return approved.Seal(func(message []byte) (string, []byte) {
		return wire.KeyID(key.Public().(ed25519.PublicKey)), ed25519.Sign(key, message)
	})
}

// planParts are the writes that store a sealed plan.
func planParts(sealed []byte) []Write {
	digest := algebra.DigestOf(sealed)
	var out []Write
	for part := 0; ; part++ {
		rest := sealed[part*PlanPart:]
		out = append(out, PutPlan{digest, part, rest[:min(PlanPart, len(rest))]})
		if len(rest) < PlanPart {
			return out
		}
	}
}

// reopen is the approval of a run, as it was stored, if one of the keys signed it.
func reopen(ctx context.Context, t Reader, run wire.Run, keys wire.Keyring) (policies.Approved, error) {
	var sealed []byte
	for part := 0; ; part++ {
		data, err := t.PlanPart(ctx, run.Sealed, part)
		if err != nil {
			return policies.Approved{}, fmt.Errorf("run %s: %w", run.ID, err)
		}
		if sealed = append(sealed, data...); len(data) < PlanPart {
			break
		}
	}
	verify := func(id string, message, signature []byte) error {
		key, ok := keys[id]
		switch {
		case !ok:
			return fmt.Errorf("%w: %q", wire.ErrUnknownKey, id)
		case !ed25519.Verify(key, message, signature):
			return fmt.Errorf("%w (key %s)", wire.ErrBadSignature, id)
		}
		return nil
	}
	approved, err := policies.Reopen(sealed, verify, func(d algebra.Digest) (algebra.Deployment, error) {
		spec, err := t.Spec(ctx, d)
		if errors.Is(err, ErrNoSpec) {
			return algebra.Deployment{}, nil
		}
		return spec, err
	})
	if err == nil && approved.Digest() != run.Plan {
		err = fmt.Errorf("its stored plan is %s, and it carries out %s", approved.Digest().Short(), run.Plan.Short())
	}
	if err != nil {
		return policies.Approved{}, fmt.Errorf("run %s: %w", run.ID, err)
	}
	return approved, nil
}
