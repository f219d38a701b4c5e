package callout

import (
	"context"
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/enroll"
)

// Registry knows the lifecycle of a device; known is false for one it never heard of. An error
// says that it could not find out.
type Registry func(ctx context.Context, d algebra.DeviceID) (l algebra.Lifecycle, known bool, err error)

// Offers finds out whether a token to join with may be used; until is its end.
type Offers func(ctx context.Context, t enroll.Token) (until time.Time, err error)

// WithOffers admits also who holds a token to join with, to ask for that alone.
func WithOffers(offers Offers, rest Authorizer) Authorizer {
	return func(ctx context.Context, token string) (Admission, error) {
		if !enroll.IsToken(token) {
			return rest(ctx, token)
		}
		t, err := enroll.ParseToken(token)
		if err != nil {
			return Admission{}, err
		}
		until, err := offers(ctx, t)
		return Admission{Joining: t.ID, Name: "joining", Until: until}, err
	}
}

// FromIssuer admits who a verifier knows. A device must also be in the registry and be served:
// a token that still counts is no way back in for one that was revoked.
func FromIssuer(v identity.Verifier, registry Registry) Authorizer {
	return func(ctx context.Context, token string) (Admission, error) {
		p, err := v.Verify(ctx, identity.Claimed{Token: token})
		if err != nil {
			return Admission{}, err
		}
		if !p.May(identity.Device) {
			grants := p.Grants() // sorted: the last is the greatest
			return Admission{Role: grants[len(grants)-1].Role, Name: p.Name(), User: p.User(), Until: p.Until()}, nil
		}
		d, err := algebra.ParseDeviceID(p.Device())
		if err != nil {
			return Admission{}, fmt.Errorf("%s: %w", p.User(), err)
		}
		l, known, err := registry(ctx, d)
		switch {
		case err != nil:
			return Admission{}, fmt.Errorf("device %s: %w", d, err)
		case !known:
			return Admission{}, fmt.Errorf("device %s is not in the registry", d)
		case !l.Served():
			return Admission{}, fmt.Errorf("device %s is %s", d, l)
		}
		return Admission{Role: identity.Device, Device: d, Name: d.String(), Until: p.Until()}, nil
	}
}
