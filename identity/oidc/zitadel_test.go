package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/tools/txtar"

	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/oidc"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

// project is the audience of the fixtures.
const project = "69234237810729019"

// fixture is one of Zitadel's formats; which words are replaced, its comment says.
func fixture(t *testing.T, name string, replace ...string) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", "zitadel", name))
	must(t, err)
	if !strings.Contains(string(a.Comment), "https://zitadel.com/docs/") {
		t.Errorf("%s does not say where it is documented", name)
	}
	files := map[string]string{}
	for _, f := range a.Files {
		files[f.Name] = strings.NewReplacer(replace...).Replace(string(f.Data))
	}
	return files
}

// object reads JSON. Times that are small are relative to now.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	must(t, json.Unmarshal([]byte(text), &out))
	for _, k := range []string{"exp", "iat", "nbf"} {
		if n, ok := out[k].(float64); ok && n < 1e6 {
			out[k] = float64(time.Now().Unix()) + n
		}
	}
	return out
}

// zitadel plays the endpoints that a test names, beside discovery, and keeps what they were sent.
type zitadel struct {
	url    string
	answer func(w http.ResponseWriter)
	sent   []url.Values
}

func newZitadel(t *testing.T) *zitadel {
	z := &zitadel{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		must(t, json.NewEncoder(w).Encode(map[string]string{"issuer": z.url, "token_endpoint": z.url + "/oauth/v2/token",
			"introspection_endpoint": z.url + "/oauth/v2/introspect", "jwks_uri": z.url + "/oauth/v2/keys"}))
	})
	hear := func(w http.ResponseWriter, r *http.Request) {
		must(t, r.ParseForm())
		z.sent = append(z.sent, r.PostForm)
		z.answer(w)
	}
	mux.HandleFunc("POST /oauth/v2/token", hear)
	mux.HandleFunc("POST /oauth/v2/introspect", hear)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	z.url = s.URL
	return z
}

func (z *zitadel) says(t *testing.T, status int, body any) {
	text, err := json.Marshal(body)
	must(t, err)
	z.answer = func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(text)
	}
}

// pemKey is a new key, as it stands in a key file.
func pemKey(t *testing.T) (public *rsa.PublicKey, inJSON string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return &key.PublicKey, strings.ReplaceAll(string(text), "\n", `\n`)
}

// asserted checks a form against the fixture, and the assertion in it against header and payload.
func asserted(t *testing.T, want map[string]string, form url.Values, field string, key *rsa.PublicKey) {
	t.Helper()
	for name, value := range object(t, want["form.json"]) {
		if name != field && form.Get(name) != value {
			t.Errorf("%s is %q, want %q", name, form.Get(name), value)
		}
	}
	if n := len(object(t, want["form.json"])); len(form) != n {
		t.Errorf("the form has %d fields, want %d: %v", len(form), n, slices.Sorted(maps.Keys(form)))
	}
	claims := jwt.MapClaims{}
	a, err := jwt.ParseWithClaims(form.Get(field), claims, func(*jwt.Token) (any, error) { return key, nil }, jwt.WithValidMethods([]string{"RS256"}))
	if err != nil {
		t.Fatalf("the assertion: %v", err)
	}
	if !reflect.DeepEqual(a.Header, object(t, want["header.json"])) {
		t.Errorf("header %v, want %s", a.Header, want["header.json"])
	}
	payload := object(t, want["payload.json"])
	for name, value := range payload {
		have := claims[name]
		if n, ok := value.(float64); ok {
			if f, _ := have.(float64); f < n-30 || f > n+5 {
				t.Errorf("%s is %v, want about %v", name, have, n)
			}
		} else if !reflect.DeepEqual(have, value) {
			t.Errorf("%s is %v, want %v", name, have, value)
		}
	}
	delete(claims, "jti") // an id of the assertion is anybody's to add (RFC 7523)
	if len(claims) != len(payload) {
		t.Errorf("claims %v, want %s", claims, want["payload.json"])
	}
	if exp, iat := claims["exp"].(float64), claims["iat"].(float64); exp-iat > 3600 {
		t.Errorf("the assertion counts %v seconds; at most an hour is allowed", exp-iat)
	}
}

func TestServiceAccountIsZitadels(t *testing.T) {
	z := newZitadel(t)
	public, text := pemKey(t)
	want := fixture(t, "serviceaccount.txtar", "KEY", text, "ISSUER", z.url)
	key, err := identity.ParseKeyFile([]byte(want["key.json"]))
	must(t, err)
	if key.UserID != "100507859606888466" || key.Until.Year() != 2031 || strings.Contains(key.String(), "PRIVATE") {
		t.Errorf("read %s until %s", key, key.Until)
	}
	z.says(t, http.StatusOK, object(t, want["response.json"]))
	source, err := machine.ByKeyFile(identity.OIDC{Issuer: z.url, Audience: project}, key)
	must(t, err)
	token, err := source.Token()
	must(t, err)
	if token != "MtjHodGy4zxKylDOhg6kW90WeEQs2q" || len(z.sent) != 1 {
		t.Errorf("token %q by %d requests", token, len(z.sent))
	}
	asserted(t, want, z.sent[0], "assertion", public)

	if _, err := identity.ParseKeyFile([]byte(fixture(t, "introspection.txtar", "KEY", text)["key.json"])); err == nil || !strings.Contains(err.Error(), "service account") {
		t.Errorf("the key of an application passes for an account's: %v", err)
	}
	if _, err := identity.ParseApplicationKey([]byte(want["key.json"])); err == nil || !strings.Contains(err.Error(), "application of type API") {
		t.Errorf("the key of an account passes for an application's: %v", err)
	}
}

// asking is a verifier that has a key to ask with, at an issuer that is played.
func asking(t *testing.T) (*zitadel, *rsa.PublicKey, *oidc.Verifier, map[string]string) {
	z := newZitadel(t)
	public, text := pemKey(t)
	want := fixture(t, "introspection.txtar", "KEY", text, "ISSUER", z.url)
	file := filepath.Join(t.TempDir(), "app.json")
	must(t, os.WriteFile(file, []byte(want["key.json"]), 0o600))
	return z, public, verifier(t, identity.OIDC{Issuer: z.url, Audience: project, IntrospectKeyFile: file}), want
}

func TestIntrospectionIsZitadels(t *testing.T) {
	z, public, v, want := asking(t)
	z.says(t, http.StatusOK, object(t, want["active.json"]))
	token := identity.Claimed{Token: "VjVxyCZmRmWYqd3_F5db9Pb9mHR5fqzhn"}
	for range 3 {
		p, err := v.Verify(t.Context(), token)
		must(t, err)
		if p.Device() != "edge-007" || p.Name() != "muster-device.edge-007@acme.zitadel.cloud" || !p.May(identity.Device) || len(p.Grants()) != 1 {
			t.Errorf("%+v", p)
		}
	}
	if len(z.sent) != 1 {
		t.Errorf("asked %d times about one token", len(z.sent))
	}
	asserted(t, want, z.sent[0], "client_assertion", public)
}

// TestIntrospectionRefuses: whatever is not a yes to this token for this project refuses it.
func TestIntrospectionRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change  map[string]any
		status  int
		because string
	}{
		"revoked":             {map[string]any{"active": false}, 200, "does not count"},
		"nothing but a no":    {nil, 200, "does not count"},
		"ended":               {map[string]any{"exp": -60}, 200, "expired"},
		"no end":              {map[string]any{"exp": nil}, 200, "expired"},
		"not yet":             {map[string]any{"nbf": 3600}, 200, "does not count before"},
		"another issuer":      {map[string]any{"iss": "https://issuer.example"}, 200, "issuer"},
		"no issuer":           {map[string]any{"iss": nil}, 200, "issuer"},
		"another project":     {map[string]any{"aud": []string{"999"}}, 200, "audience"},
		"no role here":        {map[string]any{"urn:zitadel:iam:org:project:" + project + ":roles": nil}, 200, "no role"},
		"roles of elsewhere":  {map[string]any{"urn:zitadel:iam:org:project:" + project + ":roles": nil, "urn:zitadel:iam:org:project:roles": map[string]any{"operator": 1}}, 200, "no role"},
		"nobody":              {map[string]any{"sub": ""}, 200, "user id"},
		"a key that is wrong": {nil, 401, "401"},
		"an issuer in ruins":  {nil, 500, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			z, _, v, want := asking(t)
			answer := object(t, want["inactive.json"])
			if c.change != nil {
				answer = object(t, want["active.json"])
			}
			for k, value := range c.change {
				if n, ok := value.(int); ok {
					value = time.Now().Unix() + int64(n)
				}
				if answer[k] = value; value == nil {
					delete(answer, k)
				}
			}
			z.says(t, c.status, answer)
			p, err := v.Verify(t.Context(), identity.Claimed{Token: "opaque"})
			if err == nil || !strings.Contains(err.Error(), c.because) || !p.IsZero() {
				t.Errorf("%v, want a refusal that says %q", err, c.because)
			}
		})
	}
}

func TestLongTokensAreAskedAboutAgain(t *testing.T) {
	z, _, v, want := asking(t)
	answer := object(t, want["active.json"])
	answer["exp"] = time.Now().Add(365 * 24 * time.Hour).Unix() // as a personal access token
	z.says(t, http.StatusOK, answer)
	p, err := v.Verify(t.Context(), identity.Claimed{Token: "opaque"})
	must(t, err)
	if left := time.Until(p.Until()); left > oidc.MostUnasked {
		t.Errorf("it lets in for %s", left)
	}
}

func TestClaimsAreZitadels(t *testing.T) {
	want := fixture(t, "claims.txtar")
	mapping := identity.Mapping{}.For("223281986649719041")
	admit := func(name string) (identity.Principal, error) {
		all := object(t, want[name])
		return identity.Admit(identity.Claims{Issuer: "https://acme.zitadel.cloud", Subject: all["sub"].(string), Expires: time.Now().Add(time.Hour), All: all}, mapping)
	}
	p, err := admit("person.json")
	must(t, err)
	if p.Name() != "david.wallace" || !slices.Equal(p.Grants(), []identity.Grant{{Role: identity.Deployer}}) {
		t.Errorf("%s has %v", p.Name(), p.Grants())
	}
	for _, name := range []string{"device.json", "lists.json"} {
		p, err := admit(name)
		must(t, err)
		if p.Device() != "gw-1.site.example" || !p.May(identity.Device) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if _, err := admit("elsewhere.json"); err == nil || !strings.Contains(err.Error(), "no role") {
		t.Errorf("roles of another project count: %v", err)
	}
}

func TestOpaqueWithoutAKeyToAsk(t *testing.T) {
	v := verifier(t, identity.OIDC{Issuer: "http://127.0.0.1:1", Audience: project})
	for _, token := range []string{"opaque", base64.RawURLEncoding.EncodeToString(make([]byte, 60)), "a.b", "a.b.c.d.e"} {
		if _, err := v.Verify(t.Context(), identity.Claimed{Token: token}); err == nil || !strings.Contains(err.Error(), "introspect_key_file") {
			t.Errorf("%q: %v", token, err)
		}
	}
	_, err := oidc.NewVerifier(identity.OIDC{Issuer: "https://x", Audience: "y", IntrospectKeyFile: "gone.json"})
	if err == nil || !strings.Contains(err.Error(), "introspection key") {
		t.Errorf("a key that is not there: %v", err)
	}
}
