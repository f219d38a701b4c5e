package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/devissuer"
	"github.com/musterfleet/muster/identity/identitytest"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

func TestContractOfKeys(t *testing.T) {
	identitytest.VerifierContract(t, func(t *testing.T) identitytest.Rig { return rig(t, false) })
}

func TestContractOfIntrospection(t *testing.T) {
	identitytest.VerifierContract(t, func(t *testing.T) identitytest.Rig { return rig(t, true) })
}

// sharedText is a key that the accounts of these tests share: to make many takes long.
var (
	sharedText string
	shared     = sync.OnceValue(func() *rsa.PublicKey {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		sharedText = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
		return &key.PublicKey
	})
)

func rig(t *testing.T, opaque bool) identitytest.Rig {
	i, err := devissuer.Start(devissuer.Config{Dir: t.TempDir(), Audience: "fleet", Opaque: opaque})
	must(t, err)
	t.Cleanup(i.Stop)
	c := identity.OIDC{Issuer: i.URL(), Audience: "fleet"}
	if opaque {
		text, err := i.ApplicationKey("broker")
		must(t, err)
		c.IntrospectKeyFile = filepath.Join(t.TempDir(), "app.json")
		must(t, os.WriteFile(c.IntrospectKeyFile, text, 0o600))
	}
	return identitytest.Rig{Verifier: verifier(t, c), Down: i.Stop,
		Token: func(t *testing.T, device string, roles ...string) string {
			name := "account-" + rand.Text()
			id, err := i.AddMachine(name, device, shared(), roles...)
			must(t, err)
			source, err := machine.ByKeyFile(c, identity.KeyFile{KeyID: id, UserID: name, Key: sharedText})
			must(t, err)
			token, err := source.Token()
			must(t, err)
			return token
		}}
}
