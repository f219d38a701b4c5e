package zitadel_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity/enroll/desk/zitadel"
)

var gw1 = algebra.MustDeviceID("gw-1.example")

const keyID = "345377791925026999"

// until is the end of the key in the recordings. The one of a key that is made is about that.
var until = time.Now().Add(zitadel.DefaultLife).UTC().Truncate(time.Second)

// recorded plays Zitadel: it takes just the calls of a file, in their order, and gives the answers in it.
func recorded(t *testing.T, name string, key *rsa.PublicKey) *zitadel.Registrar {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", name))
	must(t, err)
	if !strings.Contains(string(a.Comment), "https://zitadel.com/docs/") {
		t.Errorf("%s does not say where it is documented", name)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	must(t, err)
	sum := sha256.Sum256(der)
	replace := strings.NewReplacer("KEYNOTE", base64.StdEncoding.EncodeToString([]byte(keyID+" "+until.Format(time.RFC3339))),
		"NOTE", hex.EncodeToString(sum[:8]), "PEM", base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	at := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if at+1 >= len(a.Files) {
			t.Errorf("%s: one call too many: %s %s", name, r.Method, r.URL.Path)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		want, answer := a.Files[at], a.Files[at+1]
		at += 2
		if have := fmt.Sprintf("%d %s %s", at/2, r.Method, r.URL.Path); have != replace.Replace(want.Name) {
			t.Errorf("%s: called %s, want %s", name, have, replace.Replace(want.Name))
		}
		if r.Header.Get("Authorization") != "Bearer a-token" {
			t.Errorf("%s: authorised by %q", name, r.Header.Get("Authorization"))
		}
		body, err := io.ReadAll(r.Body)
		must(t, err)
		same(t, name, body, []byte(replace.Replace(string(want.Data))))
		var n, status int
		if _, err := fmt.Sscanf(answer.Name, "%d %d", &n, &status); err != nil || n != at/2 {
			t.Errorf("%s: %q is no answer to call %d", name, answer.Name, at/2)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, replace.Replace(string(answer.Data)))
	}))
	t.Cleanup(func() {
		s.Close()
		if at != len(a.Files) {
			t.Errorf("%s: %d of %d calls were made", name, at/2, len(a.Files)/2)
		}
	})
	return &zitadel.Registrar{URL: s.URL, Project: "69234237810729019", Token: func() (string, error) { return "a-token", nil }}
}

// same compares JSON, of which an end may be off by some seconds.
func same(t *testing.T, name string, have, want []byte) {
	t.Helper()
	if len(strings.TrimSpace(string(want))) == 0 {
		if len(have) > 0 {
			t.Errorf("%s: sent %s, want nothing", name, have)
		}
		return
	}
	var h, w map[string]any
	must(t, json.Unmarshal(have, &h))
	must(t, json.Unmarshal(want, &w))
	if w["expirationDate"] == "END" {
		end, err := time.Parse(time.RFC3339, h["expirationDate"].(string))
		if off := end.Sub(until).Abs(); err != nil || off > 10*time.Second {
			t.Errorf("%s: the key ends at %v", name, h["expirationDate"])
		}
		until = end // the note is of just that
		delete(h, "expirationDate")
		delete(w, "expirationDate")
	}
	if value, ok := h["value"].(string); ok && value != w["value"] {
		b, _ := base64.StdEncoding.DecodeString(value)
		if !strings.HasPrefix(string(b), keyID+" ") {
			t.Errorf("%s: the note is %q", name, b)
		}
		return
	}
	if !reflect.DeepEqual(h, w) {
		t.Errorf("%s: sent\n%s\nwant\n%s", name, have, want)
	}
}

func newKey(t *testing.T) *rsa.PublicKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	return &key.PublicKey
}

func TestRegister(t *testing.T) {
	key := newKey(t)
	known, err := recorded(t, "register.txtar", key).Register(t.Context(), gw1, key)
	must(t, err)
	if known.UserID != "345377791925026818" || known.KeyID != keyID || time.Until(known.Until) < 89*24*time.Hour {
		t.Errorf("%+v", known)
	}
	again, err := recorded(t, "again.txtar", key).Register(t.Context(), gw1, key)
	must(t, err)
	if again.UserID != known.UserID || again.KeyID != known.KeyID || !again.Until.Equal(known.Until) {
		t.Errorf("%+v, before %+v", again, known)
	}
}

func TestOthersAccountsAreLeftAlone(t *testing.T) {
	key := newKey(t)
	if _, err := recorded(t, "taken.txtar", key).Register(t.Context(), gw1, key); err == nil || !strings.Contains(err.Error(), "no service account") {
		t.Errorf("%v", err)
	}
}

func TestRetire(t *testing.T) {
	key := newKey(t)
	must(t, recorded(t, "retire.txtar", key).Retire(t.Context(), gw1, keyID))
}

// TestNothingIsTakenForSuccess: whatever Zitadel says but yes is an error that says what it said.
func TestNothingIsTakenForSuccess(t *testing.T) {
	key := newKey(t)
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"not allowed":   {403, `{"code":7,"message":"No matching permissions found (AUTH-5mWD2)"}`, "No matching permissions found (AUTH-5mWD2) (403)"},
		"no token":      {401, `{"code":16,"message":"Token is invalid (AUTH-7fs1e)"}`, "Token is invalid"},
		"a proxy's":     {502, `<html>`, "Bad Gateway (502)"},
		"no JSON":       {200, `hello`, "invalid character"},
		"an account of": {200, `{}`, "no id"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		r := &zitadel.Registrar{URL: s.URL, Project: "1", Token: func() (string, error) { return "a-token", nil }}
		if _, err := r.Register(t.Context(), gw1, key); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "a-token") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		s.Close()
		if _, err := r.Register(t.Context(), gw1, key); err == nil {
			t.Errorf("%s: without a server it registers", name)
		}
	}
	r := &zitadel.Registrar{URL: "http://127.0.0.1:1", Token: func() (string, error) { return "", errors.New("no token") }}
	if _, err := r.Register(t.Context(), gw1, key); err == nil || !strings.Contains(err.Error(), "no token") {
		t.Errorf("%v", err)
	}
	long := algebra.MustDeviceID(strings.Repeat("a.", 100) + "a")
	if _, err := r.Register(t.Context(), long, key); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a long id: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
