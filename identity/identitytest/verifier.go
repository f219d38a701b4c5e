// Package identitytest has the contract of identity.Verifier, for the tests of each.
package identitytest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/musterfleet/muster/identity"
)

// Rig is a Verifier and the issuer that it trusts.
type Rig struct {
	Verifier identity.Verifier
	// Token is one of a machine with these roles, and of a device unless that is "".
	Token func(t *testing.T, device string, roles ...string) string
	// Down takes the issuer away.
	Down func()
}

// VerifierContract is what every Verifier keeps to: a good token makes exactly the principal that
// its claims say, anything else makes nobody, and without the issuer nobody new gets in.
func VerifierContract(t *testing.T, rig func(t *testing.T) Rig) {
	verify := func(t *testing.T, r Rig, token string) (identity.Principal, error) {
		return r.Verifier.Verify(t.Context(), identity.Claimed{Token: token})
	}
	refuses := func(t *testing.T, r Rig, name, token string) {
		t.Helper()
		p, err := verify(t, r, token)
		if err == nil || !p.IsZero() || len(p.Grants()) > 0 {
			t.Errorf("%s is taken as %q with %v (%v)", name, p.Name(), p.Grants(), err)
		}
		if err != nil && len(token) > 20 && strings.Contains(err.Error(), token) {
			t.Errorf("%s: the error tells the token", name)
		}
	}
	t.Run("a device is that device and nothing else", func(t *testing.T) {
		r := rig(t)
		p, err := verify(t, r, r.Token(t, "gw-1.example", "device"))
		if err != nil || p.Device() != "gw-1.example" || !p.May(identity.Device) || len(p.Grants()) != 1 || p.User().IsZero() {
			t.Fatalf("%+v, %v", p, err)
		}
		if left := time.Until(p.Until()); left <= 0 || left > time.Hour {
			t.Errorf("it may stay for %s", left)
		}
	})
	t.Run("roles are those of the token", func(t *testing.T) {
		r := rig(t)
		p, err := verify(t, r, r.Token(t, "", "viewer", "muster:deployer", "unrelated"))
		if err != nil || !p.May(identity.Viewer) || !p.May(identity.Deployer) || len(p.Grants()) != 2 || p.Device() != "" {
			t.Fatalf("%+v, %v", p, err)
		}
	})
	t.Run("what is not good is nobody", func(t *testing.T) {
		r := rig(t)
		good := r.Token(t, "gw-1", "device")
		// In the middle: the last character of base64 has bits that say nothing.
		at := len(good) / 2
		other := byte('A')
		if good[at] == other {
			other = 'B'
		}
		for name, token := range map[string]string{
			"no token": "", "a word": "operator", "dots": "..", "a long text": strings.Repeat("x", 64<<10), "a line end": good + "\n",
			"a changed token": good[:at] + string(other) + good[at+1:], "half a token": good[:at], "a token twice": good + good,
			"no role": r.Token(t, ""), "an unknown role": r.Token(t, "", "root"),
			"a device that is an operator": r.Token(t, "gw-1", "device", "operator"), "a device without a name": r.Token(t, "", "device"),
		} {
			refuses(t, r, name, token)
		}
		if _, err := verify(t, r, good); err != nil {
			t.Errorf("after all that the good one is refused: %v", err)
		}
	})
	t.Run("many at once", func(t *testing.T) {
		r := rig(t)
		tokens := []string{r.Token(t, "gw-1", "device"), r.Token(t, "gw-2", "device")}
		var all sync.WaitGroup
		for n := range 32 {
			all.Go(func() {
				p, err := verify(t, r, tokens[n%2])
				if want := []string{"gw-1", "gw-2"}[n%2]; err != nil || p.Device() != want {
					t.Errorf("%s: %+v, %v", want, p, err)
				}
			})
		}
		all.Wait()
	})
	t.Run("who does not wait is nobody", func(t *testing.T) {
		r := rig(t)
		token := r.Token(t, "gw-1", "device")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if p, err := r.Verifier.Verify(ctx, identity.Claimed{Token: token}); err == nil || !p.IsZero() {
			t.Errorf("%+v, %v", p, err)
		}
	})
	t.Run("without the issuer nobody is anybody", func(t *testing.T) {
		r := rig(t)
		token := r.Token(t, "", "operator")
		r.Down()
		refuses(t, r, "a good token", token)
	})
}
