package attacks_test

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/devissuer"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

// noToken is nil where the issuer gives no token for a form.
func (s *stack) noToken(form url.Values) error {
	resp, err := http.PostForm(s.issuer.URL()+"/oauth/token", form)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode < 400 || strings.Contains(string(body), "access_token") {
		return fmt.Errorf("it got %d %s", resp.StatusCode, body)
	}
	return nil
}

// assertion asks for a token of a machine by an assertion with these claims and key.
func (s *stack) assertion(kid string, c jwt.MapClaims, key *rsa.PrivateKey) error {
	return s.noToken(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "scope": {"openid"},
		"assertion": {s.signed(jwt.SigningMethodRS256, map[string]any{"kid": kid}, c, key)}})
}

// account is a service account whose key the attacker does not have, and one whose key it has.
func (s *stack) account() (victimKid, ownKid string, own *rsa.PrivateKey) {
	text, err := s.issuer.KeyFile("victim", "d2", "device")
	s.must(err)
	victim, err := identity.ParseKeyFile(text)
	s.must(err)
	own = otherKey(s)
	ownKid, err = s.issuer.AddMachine("attacker", "d1", &own.PublicKey, "device")
	s.must(err)
	return victim.KeyID, ownKid, own
}

func (s *stack) asserted(user string) jwt.MapClaims {
	now := time.Now()
	return jwt.MapClaims{"iss": user, "sub": user, "aud": []string{s.issuer.URL()}, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
}

var issuerAttacks = []attack{
	{"issuer-forged-assertion", "ask for another's token with an assertion by one's own key under its key id", func(s *stack) error {
		kid, _, own := s.account()
		return s.assertion(kid, s.asserted("victim"), own)
	}},
	{"issuer-own-key-other-user", "ask for another's token with one's own key under one's own key id", func(s *stack) error {
		_, kid, own := s.account()
		return s.assertion(kid, s.asserted("victim"), own)
	}},
	{"issuer-old-assertion", "show an assertion that ended", func(s *stack) error {
		_, kid, own := s.account()
		return s.assertion(kid, with(s.asserted("attacker"), jwt.MapClaims{"exp": past, "iat": past - 60}), own)
	}},
	{"issuer-assertion-elsewhere", "show an assertion that was made for another issuer", func(s *stack) error {
		_, kid, own := s.account()
		return s.assertion(kid, with(s.asserted("attacker"), jwt.MapClaims{"aud": []string{"https://issuer.example"}}), own)
	}},
	{"issuer-removed", "get a token after the account was removed", func(s *stack) error {
		text, err := s.issuer.KeyFile("leaver", "d1", "device")
		s.must(err)
		key, err := identity.ParseKeyFile(text)
		s.must(err)
		s.must(s.issuer.Remove("leaver"))
		source, err := machine.ByKeyFile(s.oidc, key)
		s.must(err)
		if _, err := source.Token(); err == nil {
			return errors.New("it got one")
		}
		return nil
	}},
	{"issuer-secret", "guess the secret of a service account, or come with none", func(s *stack) error {
		s.must(s.issuer.AddSecret("ci", "right", "operator"))
		for _, secret := range []string{"", "wrong", "right "} {
			if _, err := machine.BySecret(s.oidc, "ci", secret).Token(); err == nil {
				return fmt.Errorf("it got a token by %q", secret)
			}
		}
		if _, err := machine.BySecret(s.oidc, "ana", "").Token(); err == nil {
			return errors.New("a person's name without a secret got a token")
		}
		return nil
	}},
	{"issuer-device-code", "ask for the token of a sign-in by a made-up code", func(s *stack) error {
		return s.noToken(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {devissuer.ClientID}, "device_code": {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}})
	}},
	{"issuer-other-client", "start a sign-in as an application that is not registered", func(s *stack) error {
		resp, err := http.PostForm(s.issuer.URL()+"/device_authorization", url.Values{"client_id": {"phish"}, "scope": {"openid"}})
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode < 400 {
			return fmt.Errorf("it began: %d", resp.StatusCode)
		}
		return nil
	}},
	{"issuer-form-from-elsewhere", "have a browser send the sign-in form from another page", func(s *stack) error {
		resp, err := http.PostForm(s.issuer.URL()+"/device_authorization", url.Values{"client_id": {devissuer.ClientID}, "scope": {"openid"}})
		if err != nil {
			return err
		}
		var asked struct {
			UserCode   string `json:"user_code"`
			DeviceCode string `json:"device_code"`
		}
		s.must(json.NewDecoder(resp.Body).Decode(&asked))
		resp.Body.Close()
		req, err := http.NewRequest(http.MethodPost, s.issuer.URL()+"/device", strings.NewReader(url.Values{"user_code": {asked.UserCode}, "user": {"ana"}, "do": {"allow"}}.Encode()))
		s.must(err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "https://evil.example")
		resp, err = http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		return s.noToken(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {devissuer.ClientID}, "device_code": {asked.DeviceCode}})
	}},
	{"issuer-beyond-loopback", "have the issuer without passwords listen where others reach it", func(s *stack) error {
		if i, err := devissuer.Start(devissuer.Config{Dir: s.t.TempDir(), Audience: "a", Addr: "0.0.0.0:0"}); err == nil {
			i.Stop()
			return errors.New("it listens")
		}
		return nil
	}},
}
