package oidc_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
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
			text, err := i.KeyFile("account-"+rand.Text(), device, roles...)
			must(t, err)
			key, err := identity.ParseKeyFile(text)
			must(t, err)
			source, err := machine.ByKeyFile(c, key)
			must(t, err)
			token, err := source.Token()
			must(t, err)
			return token
		}}
}
