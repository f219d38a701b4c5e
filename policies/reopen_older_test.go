package policies_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

// TestReopensWhatAnotherVersionSealed: the digest of a plan with keys that this version does not know,
// or without some that it does, is the one that the plan names itself by, as its run does.
func TestReopensWhatAnotherVersionSealed(t *testing.T) {
	approved, report := policies.Review(pt.Upgrade(t), policies.Gates{pt.Gate(t, "ok", "action", "deny", pt.Always)}, policies.Options{AllowStop: 1})
	if approved.IsZero() {
		t.Fatal(report.Text(false))
	}
	text, err := approved.Seal(func([]byte) (string, []byte) { return "ops", []byte("signature") })
	must(t, err)
	var sealed struct {
		Payload   []byte `json:"payload"`
		Key       string `json:"key"`
		Signature []byte `json:"signature"`
	}
	must(t, json.Unmarshal(text, &sealed))
	z, err := gzip.NewReader(bytes.NewReader(sealed.Payload))
	must(t, err)
	body, err := io.ReadAll(z)
	must(t, err)
	own := algebra.DigestOf([]byte("of another version"))
	body = bytes.Replace(body, []byte(`"format_version":"`), []byte(`"weather":{"rain":[1]},"format_version":"`), 1)
	body = bytes.Replace(body, []byte(approved.Digest().String()), []byte(own.String()), 1)
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err = w.Write(body)
	must(t, err)
	must(t, w.Close())
	sealed.Payload = b.Bytes()
	text, err = json.Marshal(sealed)
	must(t, err)
	again, err := policies.Reopen(text, func(string, []byte, []byte) error { return nil }, func(algebra.Digest) (algebra.Deployment, error) { return algebra.Deployment{}, nil })
	must(t, err)
	if again.Digest() != own || len(again.Plan().Changes) != len(approved.Plan().Changes) {
		t.Errorf("reopened as %s with %d changes, want %s with %d", again.Digest(), len(again.Plan().Changes), own, len(approved.Plan().Changes))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
