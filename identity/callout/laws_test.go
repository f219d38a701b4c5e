package callout_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
)

const seed = 20261126

// situation is what an authorizer finds when it looks.
type situation struct {
	roles     []string
	device    string
	unknown   bool // to the issuer, or the issuer is away
	registry  error
	known     bool
	lifecycle algebra.Lifecycle
}

var lifecycles = []algebra.Lifecycle{algebra.Requested, algebra.Enrolled, algebra.Revoked, algebra.Decommissioned}

func draw(r *rand.Rand) situation {
	s := situation{roles: []string{identity.Roles()[r.IntN(5)]}, unknown: r.IntN(4) == 0, known: r.IntN(4) > 0, lifecycle: lifecycles[r.IntN(4)]}
	if s.roles[0] == "device" {
		s.roles, s.device = s.roles[:1], []string{"gw-1", "gw-2.example", "no device", ">", "*"}[r.IntN(5)]
	}
	if r.IntN(4) == 0 {
		s.registry = errors.New("the registry is away")
	}
	return s
}

func (s situation) principal() identity.Principal {
	roles := make([]any, len(s.roles))
	for i, r := range s.roles {
		roles[i] = r
	}
	p, err := identity.Admit(identity.Claims{Issuer: "https://issuer.example", Subject: "u", Expires: time.Now().Add(time.Hour),
		All: map[string]any{"roles": roles, "device": s.device}}, identity.Mapping{Roles: "roles", Device: "device"})
	if err != nil {
		panic(err)
	}
	return p
}

// Verify is the issuer's word.
func (s situation) Verify(context.Context, identity.Claimed) (identity.Principal, error) {
	if s.unknown {
		return identity.Principal{}, errors.New("no")
	}
	return s.principal(), nil
}

func (s situation) look(context.Context, algebra.DeviceID) (algebra.Lifecycle, bool, error) {
	return s.lifecycle, s.known, s.registry
}

// breach says in what an authorizer lets in whom it must not, or refuses whom it must not.
func (s situation) breach(authorize callout.Authorizer) string {
	a, err := authorize(context.Background(), "a token")
	d, noDevice := algebra.ParseDeviceID(s.device)
	device := s.roles[0] == "device"
	good := !s.unknown && (!device || noDevice == nil && s.registry == nil && s.known && s.lifecycle.Served())
	switch {
	case err != nil && (a.Role != 0 || !a.Device.IsZero() || a.Joining != ""):
		return "an error comes with an admission"
	case err == nil && !good:
		return "it lets in"
	case err != nil && good:
		return "it refuses"
	case err == nil && device && (a.Role != identity.Device || a.Device != d || a.Until.IsZero()):
		return "it lets in as somebody else, or for ever"
	case err == nil && !device && (a.Role == identity.Device || !a.Device.IsZero() || a.Until.IsZero()):
		return "a person is let in as a device, or for ever"
	}
	return ""
}

// closed tries authorizers on many situations; counted is how many were let in.
func closed(make func(situation) callout.Authorizer) (breach string, admitted int) {
	params := gopter.DefaultTestParametersWithSeed(seed)
	params.MinSize, params.MinSuccessfulTests = 1, 500
	properties := gopter.NewProperties(params)
	properties.Property("it fails closed", prop.ForAll(func(n int64) bool {
		s := draw(rand.New(rand.NewPCG(uint64(n), 1)))
		b := s.breach(make(s))
		if b != "" {
			breach = b
		}
		if a, err := make(s)(context.Background(), "a token"); err == nil && a.Role != 0 {
			admitted++
		}
		return b == ""
	}, gen.Int64()))
	properties.Run(gopter.NewFormatedReporter(false, 80, discard{}))
	return breach, admitted
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func TestCalloutFailsClosed(t *testing.T) {
	breach, admitted := closed(func(s situation) callout.Authorizer { return callout.FromIssuer(s, s.look) })
	if breach != "" {
		t.Error(breach)
	}
	if admitted < 100 {
		t.Errorf("%d of 500 were let in: the law says little", admitted)
	}
}

func TestClosedLawSeesOpenDoors(t *testing.T) {
	for name, open := range map[string]func(situation) callout.Authorizer{
		"an issuer that is away": func(s situation) callout.Authorizer {
			return func(ctx context.Context, token string) (callout.Admission, error) {
				a, err := callout.FromIssuer(s, s.look)(ctx, token)
				if s.unknown {
					return callout.Admission{Role: identity.Viewer, Until: time.Now().Add(time.Minute)}, nil
				}
				return a, err
			}
		},
		"a registry that is away": func(s situation) callout.Authorizer {
			return callout.FromIssuer(s, func(ctx context.Context, d algebra.DeviceID) (algebra.Lifecycle, bool, error) {
				if l, known, err := s.look(ctx, d); err == nil {
					return l, known, nil
				}
				return algebra.Enrolled, true, nil
			})
		},
		"devices that nobody knows": func(s situation) callout.Authorizer {
			return callout.FromIssuer(s, func(ctx context.Context, d algebra.DeviceID) (algebra.Lifecycle, bool, error) {
				return s.lifecycle, true, s.registry
			})
		},
		"devices that were revoked": func(s situation) callout.Authorizer {
			return callout.FromIssuer(s, func(context.Context, algebra.DeviceID) (algebra.Lifecycle, bool, error) {
				return algebra.Enrolled, s.known, s.registry
			})
		},
		"an admission beside the error": func(s situation) callout.Authorizer {
			return func(ctx context.Context, token string) (callout.Admission, error) {
				a, err := callout.FromIssuer(s, s.look)(ctx, token)
				if err != nil {
					a.Role = identity.Viewer
				}
				return a, err
			}
		},
		"no end": func(s situation) callout.Authorizer {
			return func(ctx context.Context, token string) (callout.Admission, error) {
				a, err := callout.FromIssuer(s, s.look)(ctx, token)
				a.Until = time.Time{}
				return a, err
			}
		},
	} {
		if breach, _ := closed(open); breach == "" {
			t.Errorf("%s: the law does not see it", name)
		}
	}
}
