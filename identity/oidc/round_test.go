package oidc_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/devissuer"
	"github.com/musterfleet/muster/identity/oidc"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

// round is a real issuer, and the configuration of those who trust it.
func round(t *testing.T, life time.Duration) (*devissuer.Issuer, identity.OIDC) {
	t.Helper()
	i, err := devissuer.Start(devissuer.Config{Dir: t.TempDir(), Audience: "fleet", Life: life})
	must(t, err)
	t.Cleanup(i.Stop)
	return i, identity.OIDC{Issuer: i.URL(), Audience: "fleet", ClientID: devissuer.ClientID}
}

func keyFile(t *testing.T, i *devissuer.Issuer, name, device string, roles ...string) string {
	t.Helper()
	text, err := i.KeyFile(name, device, roles...)
	must(t, err)
	path := filepath.Join(t.TempDir(), name+".json")
	must(t, os.WriteFile(path, text, 0o600))
	return path
}

func verifier(t *testing.T, c identity.OIDC) *oidc.Verifier {
	t.Helper()
	v, err := oidc.NewVerifier(c)
	must(t, err)
	return v
}

func TestMachineGetsATokenByItsKeyFile(t *testing.T) {
	i, c := round(t, 0)
	c.KeyFile = keyFile(t, i, "gw-1", "gw-1.example.org", "device")
	source, err := machine.ByKey(c)
	must(t, err)
	token, err := source.Token()
	must(t, err)
	p, err := verifier(t, c).Verify(t.Context(), identity.Claimed{Token: token})
	must(t, err)
	if p.Device() != "gw-1.example.org" || !p.May(identity.Device) || p.May(identity.Operator) || time.Until(p.Until()) > 5*time.Minute {
		t.Errorf("%+v", p)
	}
	again, err := source.Token()
	must(t, err)
	if again != token {
		t.Error("a token that counts was replaced")
	}

	must(t, i.Remove("gw-1"))
	fresh, err := machine.ByKey(c)
	must(t, err)
	if _, err := fresh.Token(); err == nil {
		t.Error("a machine that was removed got a token")
	}
}

func TestSecretAndItsRoles(t *testing.T) {
	i, c := round(t, 0)
	must(t, i.AddSecret("ci", "s3cret", "fleet-deployer-eu", "unrelated"))
	c.Claims.Grants = map[string][]identity.Grant{"fleet-deployer-eu": {{Role: identity.Deployer, On: "@edge-eu"}, {Role: identity.Viewer}}}
	token, err := machine.BySecret(c, "ci", "s3cret").Token()
	must(t, err)
	p, err := verifier(t, c).Verify(t.Context(), identity.Claimed{Token: token})
	must(t, err)
	if on, all := p.Scopes(identity.Deployer); all || len(on) != 1 || on[0] != "@edge-eu" || p.May(identity.Operator) {
		t.Errorf("granted %v", p.Grants())
	}
	if _, err := machine.BySecret(c, "ci", "wrong").Token(); err == nil {
		t.Error("a wrong secret got a token")
	}
	c.Claims.Grants = nil
	if _, err := verifier(t, c).Verify(t.Context(), identity.Claimed{Token: token}); err == nil || !strings.Contains(err.Error(), "no role") {
		t.Errorf("who has no role here is told %v", err)
	}
}

// answer plays the person before the page that a terminal showed.
func answer(t *testing.T, i *devissuer.Issuer, do, user string) func(oidc.Prompt) {
	return func(p oidc.Prompt) {
		resp, err := http.Get(p.Address)
		must(t, err)
		defer resp.Body.Close()
		form, err := http.PostForm(i.URL()+"/device", url.Values{"user_code": {p.Code}, "user": {user}, "do": {do}})
		must(t, err)
		form.Body.Close()
	}
}

func TestPersonSignsInAndStaysSignedIn(t *testing.T) {
	i, c := round(t, 31*time.Second)
	must(t, i.AddPerson("ana", "operator"))
	s, err := oidc.Login(t.Context(), c, answer(t, i, "allow", "ana"))
	must(t, err)
	p, err := verifier(t, c).Verify(t.Context(), identity.Claimed{Token: s.Access})
	must(t, err)
	if p.Name() != "ana" || !p.May(identity.Operator) {
		t.Errorf("signed in as %+v", p)
	}

	path := filepath.Join(t.TempDir(), "session.json")
	s.Until = time.Now() // as if it had ended
	must(t, s.Save(path))
	next, err := oidc.Current(t.Context(), c, path)
	must(t, err)
	if next.Access == s.Access || next.Refresh == s.Refresh {
		t.Error("the session was not refreshed")
	}
	if _, err := verifier(t, c).Verify(t.Context(), identity.Claimed{Token: next.Access}); err != nil {
		t.Errorf("the refreshed token is refused: %v", err)
	}
	must(t, s.Save(path)) // the refresh token that was used already
	if _, err := oidc.Current(t.Context(), c, path); !errors.Is(err, oidc.ErrNoSession) {
		t.Errorf("a refresh token was good twice: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the session's file: %v, %v", info.Mode(), err)
	}
	if _, err := oidc.Login(t.Context(), c, answer(t, i, "deny", "ana")); err == nil {
		t.Error("who was denied is signed in")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	if _, err := oidc.Login(ctx, c, func(oidc.Prompt) {}); err == nil {
		t.Error("who did not answer is signed in")
	}
}

// TestKeysRotate: a new key is found without a restart; one that was withdrawn verifies nothing once
// the keys are too old to count; and while they cannot be fetched anew nothing verifies.
func TestKeysRotate(t *testing.T) {
	i, c := round(t, 0)
	c.KeyFile = keyFile(t, i, "ops", "", "operator")
	v := verifier(t, c)
	v.Sparing(0)
	token := func() identity.Claimed {
		s, err := machine.ByKey(c)
		must(t, err)
		text, err := s.Token()
		must(t, err)
		return identity.Claimed{Token: text}
	}
	first := token()
	_, err := v.Verify(t.Context(), first)
	must(t, err)
	must(t, i.Rotate())
	last := token()
	for _, one := range []identity.Claimed{last, first} {
		if _, err := v.Verify(t.Context(), one); err != nil {
			t.Errorf("after a rotation: %v", err)
		}
	}
	for range 3 { // the issuer keeps two keys beside the one it signs with
		must(t, i.Rotate())
	}
	if _, err := v.Verify(t.Context(), first); err != nil {
		t.Errorf("a key that was fetched just now: %v", err)
	}
	v.Age(oidc.MaxKeyAge)
	if _, err := v.Verify(t.Context(), first); err == nil {
		t.Error("a key that was withdrawn still verifies")
	}
	fresh := token()
	_, err = v.Verify(t.Context(), fresh)
	must(t, err)
	i.Stop()
	if _, err := v.Verify(t.Context(), fresh); err != nil {
		t.Errorf("with keys at hand the issuer need not answer: %v", err)
	}
	v.Age(oidc.MaxKeyAge)
	if _, err := v.Verify(t.Context(), fresh); err == nil {
		t.Error("with old keys, and no issuer to fetch others from, it verifies")
	}
}

func TestIssuerKeepsToItsMachine(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0"} {
		if i, err := devissuer.Start(devissuer.Config{Dir: t.TempDir(), Audience: "a", Addr: addr}); err == nil {
			i.Stop()
			t.Errorf("it listens on %s", addr)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
