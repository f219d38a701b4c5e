package oidc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/musterfleet/muster/identity"
)

// mint is an issuer whose tokens another library makes than the one that verifies them; its key
// set is written by hand.
type mint struct {
	t   *testing.T
	url string
	rsa *rsa.PrivateKey
	ec  *ecdsa.PrivateKey
	ed  ed25519.PrivateKey
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func newMint(t *testing.T) *mint {
	t.Helper()
	m := &mint{t: t}
	var err error
	m.rsa, err = rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	m.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	_, m.ed, err = ed25519.GenerateKey(nil)
	must(t, err)
	point, err := m.ec.PublicKey.Bytes() // 4, x, y
	must(t, err)
	keys := map[string]any{"keys": []map[string]string{
		{"kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "e": "AQAB", "n": b64(m.rsa.N.Bytes())},
		{"kty": "EC", "kid": "ec", "use": "sig", "alg": "ES256", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])},
		{"kty": "OKP", "kid": "ed", "use": "sig", "alg": "EdDSA", "crv": "Ed25519", "x": b64(m.ed.Public().(ed25519.PublicKey))},
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		must(t, json.NewEncoder(w).Encode(map[string]string{"issuer": m.url, "jwks_uri": m.url + "/keys"}))
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { must(t, json.NewEncoder(w).Encode(keys)) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	m.url = s.URL
	return m
}

// claims are good ones, changed; nil takes one away.
func (m *mint) claims(change jwt.MapClaims) jwt.MapClaims {
	now := time.Now()
	c := jwt.MapClaims{"iss": m.url, "sub": "345377791925026818", "aud": []string{project}, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		"urn:zitadel:iam:org:project:" + project + ":roles": map[string]any{"device": map[string]string{"1": "acme"}},
		"urn:zitadel:iam:user:metadata":                     map[string]string{"device": b64([]byte("gw-1"))}}
	for k, v := range change {
		if c[k] = v; v == nil {
			delete(c, k)
		}
	}
	return c
}

func (m *mint) sign(method jwt.SigningMethod, header map[string]any, c jwt.MapClaims, key any) string {
	m.t.Helper()
	t := jwt.NewWithClaims(method, c)
	for k, v := range header {
		t.Header[k] = v
	}
	text, err := t.SignedString(key)
	must(m.t, err)
	return text
}

func (m *mint) good(change jwt.MapClaims) string {
	return m.sign(jwt.SigningMethodRS256, kid("rsa"), m.claims(change), m.rsa)
}

func kid(id string) map[string]any { return map[string]any{"kid": id} }

func parts(token string) (header, payload, signature string) {
	p := strings.Split(token, ".")
	return p[0], p[1], p[2]
}

func TestTokensOfAnotherLibraryAreTaken(t *testing.T) {
	m := newMint(t)
	v := verifier(t, identity.OIDC{Issuer: m.url, Audience: project})
	soon := time.Now()
	for name, token := range map[string]string{
		"RS256":                  m.good(nil),
		"ES256":                  m.sign(jwt.SigningMethodES256, kid("ec"), m.claims(nil), m.ec),
		"EdDSA":                  m.sign(jwt.SigningMethodEdDSA, kid("ed"), m.claims(nil), m.ed),
		"no kid, one key fits":   m.sign(jwt.SigningMethodES256, nil, m.claims(nil), m.ec),
		"one audience, no list":  m.good(jwt.MapClaims{"aud": project}),
		"one audience among two": m.good(jwt.MapClaims{"aud": []string{"other", project}}),
		"a clock that is behind": m.good(jwt.MapClaims{"exp": soon.Add(-20 * time.Second).Unix(), "iat": soon.Add(-time.Minute).Unix()}),
		"a clock that is ahead":  m.good(jwt.MapClaims{"iat": soon.Add(20 * time.Second).Unix(), "nbf": soon.Add(20 * time.Second).Unix()}),
	} {
		p, err := v.Verify(t.Context(), identity.Claimed{Token: token})
		if err != nil || p.Device() != "gw-1" || p.User().String() != "345377791925026818" {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

// TestAttackedTokensAreRefused: each for the reason that is told to the log.
func TestAttackedTokensAreRefused(t *testing.T) {
	m := newMint(t)
	mallory := newMint(t) // has keys of the same names
	v := verifier(t, identity.OIDC{Issuer: m.url, Audience: project})
	header, payload, signature := parts(m.good(nil))
	_, operator, _ := parts(m.good(jwt.MapClaims{"urn:zitadel:iam:org:project:" + project + ":roles": map[string]any{"operator": 1}}))
	public, err := x509.MarshalPKIXPublicKey(&m.rsa.PublicKey)
	must(t, err)
	past, future := time.Now().Add(-time.Hour).Unix(), time.Now().Add(time.Hour).Unix()
	// The same signature as ES256's, in the form that certificates have.
	ecHeader, ecPayload, _ := parts(m.sign(jwt.SigningMethodES256, kid("ec"), m.claims(nil), m.ec))
	digest := crypto.SHA256.New()
	digest.Write([]byte(ecHeader + "." + ecPayload))
	r, s, err := ecdsa.Sign(rand.Reader, m.ec, digest.Sum(nil))
	must(t, err)
	der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	must(t, err)

	for name, a := range map[string]struct{ token, because string }{
		"alg none":                         {m.sign(jwt.SigningMethodNone, nil, m.claims(nil), jwt.UnsafeAllowNoneSignatureType), "algorithm"},
		"alg none, signature kept":         {b64([]byte(`{"alg":"none"}`)) + "." + payload + "." + signature, "algorithm"},
		"alg nOnE":                         {b64([]byte(`{"alg":"nOnE"}`)) + "." + payload + ".", "algorithm"},
		"no alg":                           {b64([]byte(`{"kid":"rsa"}`)) + "." + payload + "." + signature, "algorithm"},
		"HS256 by the public key in PEM":   {m.sign(jwt.SigningMethodHS256, kid("rsa"), m.claims(nil), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})), "algorithm"},
		"HS256 by the modulus":             {m.sign(jwt.SigningMethodHS256, kid("rsa"), m.claims(nil), m.rsa.N.Bytes()), "algorithm"},
		"HS256 by nothing":                 {m.sign(jwt.SigningMethodHS256, nil, m.claims(nil), []byte{}), "algorithm"},
		"another key under a known kid":    {m.sign(jwt.SigningMethodRS256, kid("rsa"), m.claims(nil), mallory.rsa), "signature"},
		"another key under its own kid":    {m.sign(jwt.SigningMethodRS256, kid("mallory"), m.claims(nil), mallory.rsa), "signature"},
		"another curve key, known kid":     {m.sign(jwt.SigningMethodES256, kid("ec"), m.claims(nil), mallory.ec), "signature"},
		"another Ed25519 key, known kid":   {m.sign(jwt.SigningMethodEdDSA, kid("ed"), m.claims(nil), mallory.ed), "signature"},
		"RS256 under the kid of ES256":     {m.sign(jwt.SigningMethodRS256, kid("ec"), m.claims(nil), mallory.rsa), "signature"},
		"its own key in the header":        {m.sign(jwt.SigningMethodRS256, map[string]any{"jwk": map[string]string{"kty": "RSA", "e": "AQAB", "n": b64(mallory.rsa.N.Bytes())}}, m.claims(nil), mallory.rsa), "signature"},
		"its own key set in the header":    {m.sign(jwt.SigningMethodRS256, map[string]any{"kid": "rsa", "jku": mallory.url + "/keys"}, m.claims(nil), mallory.rsa), "signature"},
		"its own certificate":              {m.sign(jwt.SigningMethodRS256, map[string]any{"x5c": []string{base64.StdEncoding.EncodeToString(public)}}, m.claims(nil), mallory.rsa), "oidc:"},
		"a critical extension":             {m.sign(jwt.SigningMethodRS256, map[string]any{"kid": "rsa", "crit": []string{"owned"}, "owned": true}, m.claims(nil), m.rsa), "signature"},
		"a payload that is not encoded":    {m.sign(jwt.SigningMethodRS256, map[string]any{"kid": "rsa", "crit": []string{"b64"}, "b64": false}, m.claims(nil), m.rsa), "signature"},
		"claims of an operator swapped in": {header + "." + operator + "." + signature, "signature"},
		"no signature":                     {header + "." + payload + ".", "signature"},
		"half a signature":                 {header + "." + payload + "." + signature[:100], "signature"},
		"an ES256 signature of zeros":      {ecHeader + "." + ecPayload + "." + b64(make([]byte, 64)), "signature"},
		"an ES256 signature in DER":        {ecHeader + "." + ecPayload + "." + b64(der), "signature"},
		"ended an hour ago":                {m.good(jwt.MapClaims{"exp": past, "iat": past - 60}), "expired"},
		"without end":                      {m.good(jwt.MapClaims{"exp": nil}), "expired"},
		"an end in words":                  {m.good(jwt.MapClaims{"exp": "tomorrow"}), "oidc:"},
		"not yet":                          {m.good(jwt.MapClaims{"nbf": future}), "does not count before"},
		"issued later":                     {m.good(jwt.MapClaims{"iat": future, "exp": future + 60}), "issuedAt"},
		"never issued":                     {m.good(jwt.MapClaims{"iat": nil}), "issuedAt"},
		"another audience":                 {m.good(jwt.MapClaims{"aud": "other"}), "audience"},
		"an audience that begins alike":    {m.good(jwt.MapClaims{"aud": project + "0"}), "audience"},
		"no audience":                      {m.good(jwt.MapClaims{"aud": nil}), "audience"},
		"another issuer, same keys":        {m.good(jwt.MapClaims{"iss": mallory.url}), "issuer"},
		"the issuer with a slash":          {m.good(jwt.MapClaims{"iss": m.url + "/"}), "issuer"},
		"no issuer":                        {m.good(jwt.MapClaims{"iss": nil}), "issuer"},
		"nobody":                           {m.good(jwt.MapClaims{"sub": nil}), "user id"},
		"roles of another project":         {m.good(jwt.MapClaims{"urn:zitadel:iam:org:project:" + project + ":roles": nil, "urn:zitadel:iam:org:project:1:roles": map[string]any{"operator": 1}}), "no role"},
		"roles of the client's project":    {m.good(jwt.MapClaims{"urn:zitadel:iam:org:project:" + project + ":roles": nil, "urn:zitadel:iam:org:project:roles": map[string]any{"operator": 1}}), "no role"},
		"a device that is an operator":     {m.good(jwt.MapClaims{"urn:zitadel:iam:org:project:" + project + ":roles": map[string]any{"operator": 1, "device": 1}}), "no other role"},
		"a device without a name":          {m.good(jwt.MapClaims{"urn:zitadel:iam:user:metadata": nil}), "does not say which"},
		"a device's name that is no text":  {m.good(jwt.MapClaims{"urn:zitadel:iam:user:metadata": map[string]any{"device": []string{"gw-1"}}}), "does not say which"},
		"nothing":                          {"", "0 bytes"},
		"more than is read":                {m.good(jwt.MapClaims{"x": strings.Repeat("x", 20<<10)}), "bytes"},
		"two dots":                         {"..", "oidc:"},
		"a signature of many":              {`{"payload":"` + payload + `","signatures":[{"protected":"` + header + `","signature":"` + signature + `"}]}`, "no token has"},
		"an encrypted one":                 {m.good(nil) + ".a.b", "no JWT"},
		"claims that are no object":        {b64([]byte(`{"alg":"RS256","kid":"rsa"}`)) + "." + b64([]byte(`[]`)) + "." + signature, "oidc:"},
	} {
		p, err := v.Verify(t.Context(), identity.Claimed{Token: a.token})
		if err == nil || !p.IsZero() {
			t.Errorf("%s: it is taken as %s", name, p.Name())
		} else if !strings.Contains(err.Error(), a.because) {
			t.Errorf("%s: refused because of %q, want %q", name, err, a.because)
		}
		if err != nil && len(a.token) > 20 && strings.Contains(err.Error(), a.token) {
			t.Errorf("%s: the token stands in the error", name)
		}
	}
}
