package rego

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/loader"
)

// dataFiles are the names of documents that policies read as data.
var dataFiles = []string{".json", ".yaml", ".yml"}

// ReadData reads documents as conftest's --data does: what a file holds stands under the names of
// the folders it lies in, below each path given; prefix:path puts all of it below a prefix.
// Two documents that say the same key are an error.
func ReadData(paths []string) (map[string]any, error) {
	found, err := loader.NewFileLoader().Filtered(paths, func(_ string, info os.FileInfo, _ int) bool {
		return !info.IsDir() && !slices.Contains(dataFiles, filepath.Ext(info.Name()))
	})
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return found.Documents, nil
}

// FromFiles is the set in files by name, as a registry holds them: modules, but for tests, and
// data, which stands as ReadData has it.
func FromFiles(files map[string][]byte) (Set, error) {
	s := Set{Data: map[string]any{}}
	for _, name := range sortedKeys(files) {
		switch ext := path.Ext(name); {
		case strings.HasSuffix(name, "_test.rego"):
		case ext == ".rego":
			s.Modules = append(s.Modules, Module{name, string(files[name])})
		case slices.Contains(dataFiles, ext):
			var value any
			v, err := ast.ValueFromReader(strings.NewReader(string(files[name])))
			if err == nil {
				value, err = ast.JSON(v)
			}
			if err != nil {
				return Set{}, fmt.Errorf("%s: %w", name, err)
			}
			if err := put(s.Data, folders(name), value); err != nil {
				return Set{}, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return s, nil
}

// folders are the names of the folders a file lies in.
func folders(name string) []string {
	dir := path.Dir(path.Clean("/" + name))
	return strings.FieldsFunc(dir, func(r rune) bool { return r == '/' })
}

// put merges a document into data below some keys.
func put(data map[string]any, below []string, value any) error {
	for _, key := range below {
		next, ok := data[key].(map[string]any)
		if data[key] != nil && !ok {
			return fmt.Errorf("data.%s is said twice", key)
		}
		if next == nil {
			next = map[string]any{}
			data[key] = next
		}
		data = next
	}
	object, ok := value.(map[string]any)
	if !ok {
		return errors.New("data must be an object")
	}
	for key, one := range object {
		if data[key] != nil {
			return fmt.Errorf("data.%s is said twice", key)
		}
		data[key] = one
	}
	return nil
}

// maxBundle is how large a bundle may be when it is unpacked, in bytes.
const maxBundle = 64 << 20

// ReadBundle reads an OPA bundle (.tar.gz). With a key, which is a public one in PEM, it must be
// signed, and every file of it be what was signed; without a key it must not be signed, as a
// signature nobody looks at says nothing.
func ReadBundle(in io.Reader, key []byte) (Set, error) {
	r := bundle.NewReader(in).WithSizeLimitBytes(maxBundle).WithRegoVersion(ast.RegoV1).WithProcessAnnotations(true)
	if key != nil {
		config, err := keyConfig(key)
		if err != nil {
			return Set{}, err
		}
		r = r.WithBundleVerificationConfig(bundle.NewVerificationConfig(map[string]*bundle.KeyConfig{"key": config}, "key", "", nil))
	}
	b, err := r.Read()
	switch {
	case err != nil && key == nil && strings.Contains(err.Error(), "verification key"):
		return Set{}, errors.New("the bundle is signed; give the public key of who signed it by --verification-key")
	case err != nil && key != nil && strings.Contains(err.Error(), "bundle missing .signatures.json"):
		return Set{}, errors.New("the bundle is not signed; opa build --signing-key signs one")
	case err != nil:
		return Set{}, err
	case len(b.WasmModules) > 0 || len(b.PlanModules) > 0:
		return Set{}, errors.New("the bundle holds compiled modules, which cannot be checked; build it with opa build -t rego")
	}
	s := Set{Data: b.Data}
	for _, m := range b.Modules {
		if !strings.HasSuffix(m.Path, "_test.rego") {
			s.Modules = append(s.Modules, Module{strings.TrimPrefix(path.Clean("/"+m.Path), "/"), string(m.Raw)})
		}
	}
	return s, nil
}

// keyConfig takes the algorithm from the key: one that the signature chose could be a weaker one.
func keyConfig(text []byte) (*bundle.KeyConfig, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the verification key is not in PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the verification key is no public key: %w", err)
	}
	algorithm := ""
	switch key := key.(type) {
	case *rsa.PublicKey:
		algorithm = "RS256"
	case *ecdsa.PublicKey:
		algorithm = map[elliptic.Curve]string{elliptic.P256(): "ES256", elliptic.P384(): "ES384", elliptic.P521(): "ES512"}[key.Curve]
	}
	if algorithm == "" {
		return nil, errors.New("the verification key is of a kind that bundles are not signed with; use RSA or ECDSA")
	}
	return &bundle.KeyConfig{Key: string(text), Algorithm: algorithm}, nil
}
