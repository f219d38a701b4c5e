package enroll_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity/enroll"
)

func TestTokenIsReadAsItIsWritten(t *testing.T) {
	trust := []byte("the operators' keys")
	k := enroll.NewToken(trust)
	back, err := enroll.ParseToken(" " + k.Text() + "\n")
	if err != nil || back != k || back.Hash() != k.Hash() {
		t.Fatalf("%v, %v", back, err)
	}
	if !back.Trusts(trust) || back.Trusts([]byte("others")) {
		t.Error("it trusts other keys than it was made for")
	}
	secret := strings.Split(k.Text(), ".")[2]
	if text := fmt.Sprintf("%v %+v %#v %s", k, k, k, k); strings.Contains(text, secret) {
		t.Errorf("it prints its secret: %s", text)
	}
	for _, s := range []string{"", "mt1", "mt1...", "mt2." + k.Text()[4:], k.Text() + ".x", k.Text() + "x", k.Text()[1:], strings.Replace(k.Text(), k.ID, k.ID[:9]+">", 1)} {
		if _, err := enroll.ParseToken(s); err == nil {
			t.Errorf("%q is taken for a token", s)
		}
	}
}

func TestOfferOpensUntilItsEnd(t *testing.T) {
	k, other := enroll.NewToken(nil), enroll.NewToken(nil)
	until := time.Unix(1000, 0)
	text, err := json.Marshal(enroll.Offer{ID: k.ID, Hash: k.Hash(), Until: until})
	if err != nil {
		t.Fatal(err)
	}
	o, err := enroll.ParseOffer(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Opens(k, until); err != nil {
		t.Errorf("at its last moment: %v", err)
	}
	if err := o.Opens(k, until.Add(1)); err == nil || !strings.Contains(err.Error(), "ended at 1970") {
		t.Errorf("after its end: %v", err)
	}
	if err := o.Opens(other, until); err == nil {
		t.Error("another token opens it")
	}
	for _, bad := range []string{"", "{}", `{"id":"x","hash":"y"}`, `{"id":"x","until":"2026-01-01T00:00:00Z"}`} {
		if _, err := enroll.ParseOffer([]byte(bad)); err == nil {
			t.Errorf("%s is taken for an offer", bad)
		}
	}
}

// TestWishesAreWhatWasSigned: whatever is changed in a wish or a renewal on its way, it is refused.
func TestWishesAreWhatWasSigned(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	next, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	d := algebra.MustDeviceID("gw-1")
	ask, err := enroll.NewAsk(enroll.NewToken(nil), d, map[string]string{"serial": "4711"}, key)
	if err != nil {
		t.Fatal(err)
	}
	renewal, err := enroll.NewRenewal(d, key, next, now)
	if err != nil {
		t.Fatal(err)
	}
	for kind, c := range map[string]struct {
		wish  any
		parse func([]byte) error
	}{
		"ask":     {ask, func(b []byte) error { _, _, err := enroll.ParseAsk(b); return err }},
		"renewal": {renewal, func(b []byte) error { _, _, err := enroll.ParseRenewal(b, now); return err }},
	} {
		text, err := json.Marshal(c.wish)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.parse(text); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		for name := range fields {
			for what, value := range map[string]string{"gone": "", "changed": map[string]string{
				"kind": `"Other"`, "token": `"other"`, "device": `"gw-2"`, "facts": `{"serial":"4712"}`, "nonce": `"x"`, "at": `"2020-01-01T00:00:00Z"`,
				"key": `"AAAA"`, "next": string(fields["key"]), "proof": `"AAAA"`, "nextProof": string(fields["proof"]),
			}[name]} {
				changed := map[string]json.RawMessage{}
				for k, v := range fields {
					changed[k] = v
				}
				if changed[name] = json.RawMessage(value); value == "" {
					delete(changed, name)
				}
				text, err := json.Marshal(changed)
				if err != nil {
					t.Fatalf("%s: %s: %v", kind, name, err)
				}
				if c.parse(text) == nil {
					t.Errorf("%s with %s %s is taken", kind, name, what)
				}
			}
		}
		if c.parse(append(text[:len(text)-1], []byte(`,"x":"`+strings.Repeat("x", 40<<10)+`"}`)...)) == nil {
			t.Errorf("%s of 40 kB is taken", kind)
		}
	}
}
