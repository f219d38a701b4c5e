package attacks_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/nats-io/nats.go"
)

func base64url(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// bad is an attack by a token that must not open the broker.
func bad(id, what string, make func(s *stack) string) attack {
	return attack{id, what, func(s *stack) error { return s.refused(make(s)) }}
}

// badClaims is one whose token the issuer itself signed, with claims that are not good.
func badClaims(id, what string, changes jwt.MapClaims) attack {
	return bad(id, what, func(s *stack) string { return s.token(with(s.claims("d1"), changes)) })
}

// reheaded is a good token with another header, its signature kept.
func reheaded(s *stack, header map[string]any) string {
	text, err := json.Marshal(header)
	s.must(err)
	parts := strings.Split(s.token(s.claims("d1")), ".")
	return base64url(string(text)) + "." + parts[1] + "." + parts[2]
}

func otherKey(s *stack) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	s.must(err)
	return key
}

var past, future = time.Now().Add(-time.Hour).Unix(), time.Now().Add(time.Hour).Unix()

var tokenAttacks = []attack{
	bad("token-none", "connect without a token", func(*stack) string { return "" }),
	bad("token-garbage", "connect with any text for a token", func(*stack) string { return "let me in" }),
	bad("token-empty-parts", "connect with two dots", func(*stack) string { return ".." }),
	bad("token-alg-none", "a token that says it needs no signature", func(s *stack) string {
		return s.signed(jwt.SigningMethodNone, nil, s.claims("d1"), jwt.UnsafeAllowNoneSignatureType)
	}),
	bad("token-alg-none-kept-signature", "a good token whose header is changed to alg none", func(s *stack) string {
		return reheaded(s, map[string]any{"alg": "none"})
	}),
	bad("token-key-confusion", "HS256 with the issuer's public key for the secret", func(s *stack) string {
		key, kid := s.issuerKey()
		public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		s.must(err)
		return s.signed(jwt.SigningMethodHS256, map[string]any{"kid": kid}, s.claims("d1"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	}),
	bad("token-forged-known-kid", "signed by another key under the issuer's key id", func(s *stack) string {
		_, kid := s.issuerKey()
		return s.signed(jwt.SigningMethodRS256, map[string]any{"kid": kid}, s.claims("d1"), otherKey(s))
	}),
	bad("token-forged-unknown-kid", "signed by another key under a key id of its own", func(s *stack) string {
		return s.signed(jwt.SigningMethodRS256, map[string]any{"kid": "mine"}, s.claims("d1"), otherKey(s))
	}),
	bad("token-kid-path", "a key id that is a path", func(s *stack) string {
		return s.signed(jwt.SigningMethodRS256, map[string]any{"kid": "../../../../dev/null"}, s.claims("d1"), otherKey(s))
	}),
	bad("token-jku", "a header that names the attacker's key set", func(s *stack) string {
		return s.signed(jwt.SigningMethodRS256, map[string]any{"kid": "x", "jku": "http://127.0.0.1:1/keys"}, s.claims("d1"), otherKey(s))
	}),
	bad("token-jwk", "a header that brings the attacker's key along", func(s *stack) string {
		key := otherKey(s)
		return s.signed(jwt.SigningMethodRS256, map[string]any{"jwk": map[string]any{"kty": "RSA", "e": "AQAB", "n": base64url(string(key.N.Bytes()))}}, s.claims("d1"), key)
	}),
	bad("token-crit", "a critical extension that nobody knows", func(s *stack) string {
		key, kid := s.issuerKey()
		return s.signed(jwt.SigningMethodRS256, map[string]any{"kid": kid, "crit": []string{"owned"}, "owned": true}, s.claims("d1"), key)
	}),
	badClaims("token-expired", "a token that ended an hour ago", jwt.MapClaims{"exp": past}),
	badClaims("token-without-end", "a token without exp", jwt.MapClaims{"exp": nil}),
	badClaims("token-not-yet", "a token that counts from an hour on", jwt.MapClaims{"nbf": future}),
	badClaims("token-issued-later", "a token issued an hour from now", jwt.MapClaims{"iat": future, "exp": future + 60}),
	badClaims("token-audience", "a token for another audience", jwt.MapClaims{"aud": []string{"other"}}),
	badClaims("token-no-audience", "a token without audience", jwt.MapClaims{"aud": nil}),
	badClaims("token-audience-client", "an identity token of the sign-in shown for an access token", jwt.MapClaims{"aud": []string{"muster"}}),
	badClaims("token-issuer", "a token that names another issuer", jwt.MapClaims{"iss": "https://issuer.example"}),
	bad("token-issuer-slash", "the issuer's name with a slash behind it", func(s *stack) string {
		return s.token(with(s.claims("d1"), jwt.MapClaims{"iss": s.issuer.URL() + "/"}))
	}),
	bad("token-swapped", "the claims of one good token with the signature of another", func(s *stack) string {
		one, two := strings.Split(s.token(s.claims("d1")), "."), strings.Split(s.token(s.claims("d2")), ".")
		return one[0] + "." + two[1] + "." + one[2]
	}),
	bad("token-tampered", "a good token in whose claims the device is another", func(s *stack) string {
		parts := strings.Split(s.token(s.claims("d1")), ".")
		text, err := json.Marshal(s.claims("d2"))
		s.must(err)
		return parts[0] + "." + base64url(string(text)) + "." + parts[2]
	}),
	bad("token-unsigned", "a good token without its signature", func(s *stack) string {
		parts := strings.Split(s.token(s.claims("d1")), ".")
		return parts[0] + "." + parts[1] + "."
	}),
	badClaims("token-no-role", "a good token without a role", jwt.MapClaims{"urn:zitadel:iam:org:project:fleet:roles": nil}),
	badClaims("token-foreign-role", "a role of another project", jwt.MapClaims{"urn:zitadel:iam:org:project:fleet:roles": map[string]any{"admin": 1}}),
	badClaims("token-other-project", "the role operator in the attacker's own project of the same issuer", jwt.MapClaims{
		"urn:zitadel:iam:org:project:fleet:roles": nil, "urn:zitadel:iam:org:project:evil:roles": map[string]any{"operator": 1},
		"urn:zitadel:iam:org:project:roles": map[string]any{"operator": 1}}),
	bad("token-opaque", "an opaque token where nobody may ask the issuer about it", func(s *stack) string { return strings.Repeat("x", 60) }),
	badClaims("token-two-roles", "a device that is an operator too", jwt.MapClaims{"urn:zitadel:iam:org:project:fleet:roles": map[string]any{"device": 1, "operator": 1}}),
	badClaims("token-which-device", "a device whose token does not say which", jwt.MapClaims{"urn:zitadel:iam:user:metadata": nil}),
	badClaims("token-device-wildcard", "a device by the name of >", jwt.MapClaims{"urn:zitadel:iam:user:metadata": map[string]string{"device": base64url(">")}}),
	badClaims("token-device-star", "a device by the name of *", jwt.MapClaims{"urn:zitadel:iam:user:metadata": map[string]string{"device": base64url("*")}}),
	badClaims("token-device-subject", "a device whose name is a subject: d1.> ", jwt.MapClaims{"urn:zitadel:iam:user:metadata": map[string]string{"device": base64url("d1.>")}}),
	badClaims("token-device-case", "a device by the name of D1", jwt.MapClaims{"urn:zitadel:iam:user:metadata": map[string]string{"device": base64url("D1")}}),
	badClaims("token-device-equals", "a device by the name of d1=site, the token of d1.site", jwt.MapClaims{"urn:zitadel:iam:user:metadata": map[string]string{"device": base64url("d1=site")}}),
	badClaims("token-subject-lines", "a subject with a line end in it", jwt.MapClaims{"sub": "d1\r\nPUB x"}),
	bad("token-unknown-device", "a good token of a device that the registry does not know", func(s *stack) string { return s.token(s.claims("d9")) }),
	bad("token-revoked-device", "a good token of a device that was revoked", func(s *stack) string { return s.token(s.claims("gone")) }),
	bad("token-waiting-device", "a good token of a device that nobody approved", func(s *stack) string { return s.token(s.claims("waiting")) }),
	bad("token-oversize", "a token of 300 kB", func(s *stack) string {
		return s.token(with(s.claims("d1"), jwt.MapClaims{"x": strings.Repeat("x", 300<<10)}))
	}),
	bad("token-nested", "claims nested 3,000 deep", func(s *stack) string {
		return s.token(with(s.claims("d1"), jwt.MapClaims{"x": json.RawMessage(strings.Repeat("[", 3000) + strings.Repeat("]", 3000))}))[:8000]
	}),
	bad("token-encrypted", "a token of five parts", func(s *stack) string { return s.token(s.claims("d1")) + ".a.b" }),
	{"token-ends", "stay connected when the token ended", func(s *stack) error {
		closed := make(chan struct{})
		nc, err := nats.Connect(s.server.URL(), nats.Token(s.token(with(s.claims("d1"), jwt.MapClaims{"exp": time.Now().Add(2 * time.Second).Unix()}))),
			nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
		if err != nil {
			return err
		}
		defer nc.Close()
		select {
		case <-closed:
			return nil
		case <-time.After(5 * time.Second):
			return errors.New("three seconds after the end it is still connected")
		}
	}},
}
