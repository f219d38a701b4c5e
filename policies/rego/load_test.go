package rego_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"

	"github.com/musterfleet/muster/policies/rego"
)

const bundled = "package main\n\ndeny_x contains \"x\" if data.limits.max > 2\n"

// pack is a bundle of one policy and its data, signed if there is a private key.
func pack(t *testing.T, key []byte, algorithm string) []byte {
	t.Helper()
	module, err := ast.ParseModuleWithOpts("/p.rego", bundled, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		t.Fatal(err)
	}
	b := bundle.Bundle{Data: map[string]any{"limits": map[string]any{"max": 3}},
		Modules: []bundle.ModuleFile{{Path: "/p.rego", URL: "/p.rego", Raw: []byte(bundled), Parsed: module}}}
	b.Manifest.Init()
	if key != nil {
		if err := b.GenerateSignature(bundle.NewSigningConfig(string(key), algorithm, ""), "team", false); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := bundle.NewWriter(&out).DisableFormat(true).Write(b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func keys(t *testing.T, private any, public any) (priv, pub []byte) {
	t.Helper()
	a, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	b, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: a}), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: b})
}

func rsaKeys(t *testing.T) (priv, pub []byte) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return keys(t, k, k.Public())
}

// A signed bundle is read with the right key only, and only as it was signed.
func TestBundles(t *testing.T) {
	private, public := rsaKeys(t)
	_, other := rsaKeys(t)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curvePrivate, curvePublic := keys(t, curve, curve.Public())
	signed, plain := pack(t, private, "RS256"), pack(t, nil, "")
	for name, c := range map[string]struct {
		bundle, key []byte
		want        string
	}{
		"plain":             {plain, nil, ""},
		"signed":            {signed, public, ""},
		"signed, ECDSA":     {pack(t, curvePrivate, "ES256"), curvePublic, ""},
		"signed, no key":    {signed, nil, "the bundle is signed; give the public key of who signed it by --verification-key"},
		"not signed":        {plain, public, "the bundle is not signed"},
		"another key":       {signed, other, "verif"},
		"another algorithm": {signed, curvePublic, "verif"},
		"no key at all":     {signed, []byte("secret"), "the verification key is not in PEM"},
		"a private key":     {signed, private, "no public key"},
		"no bundle":         {[]byte("x"), nil, "bundle read failed"},
	} {
		s, err := rego.ReadBundle(bytes.NewReader(c.bundle), c.key)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v, want %s", name, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r := review(t, s); len(r.Results) != 1 || r.Results[0].Rule != "deny_x" || r.Results[0].Policy.String() != "p.rego:3" {
			t.Errorf("%s: %s", name, r.Text(false))
		}
	}
}

// Data lies where conftest has it.
func TestReadData(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("top.yaml", "limits: {max: 3}")
	write("sites/fra/hosts.json", `{"n": 2}`)
	write("notes.txt", "not data")
	want := `{"limits":{"max":3},"sites":{"fra":{"n":2}}}`
	data, err := rego.ReadData([]string{dir})
	if got := ast.MustInterfaceToValue(data).String(); err != nil || strings.ReplaceAll(got, " ", "") != want {
		t.Errorf("got %s %v, want %s", got, err, want)
	}
	files := map[string][]byte{"top.json": []byte(`{"limits":{"max":3}}`), "sites/fra/hosts.json": []byte(`{"n": 2}`),
		"p.rego": []byte(bundled), "p_test.rego": []byte("package main"), "README.md": []byte("# x")}
	s, err := rego.FromFiles(files)
	if err != nil || len(s.Modules) != 1 || strings.ReplaceAll(ast.MustInterfaceToValue(s.Data).String(), " ", "") != want {
		t.Errorf("%v %v", s, err)
	}
	if !reflect.DeepEqual(s.Modules[0], rego.Module{File: "p.rego", Text: bundled}) {
		t.Errorf("%v", s.Modules)
	}
	write("again.json", `{"limits": {"max": 4}}`)
	if _, err = rego.ReadData([]string{dir}); err == nil || !strings.Contains(err.Error(), "merge error") {
		t.Errorf("a key said twice: %v", err)
	}
	files["again.json"] = []byte(`{"limits": {"max": 4}}`)
	if _, err = rego.FromFiles(files); err == nil || !strings.Contains(err.Error(), "data.limits is said twice") {
		t.Errorf("a key said twice: %v", err)
	}
}
