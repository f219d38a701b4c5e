package attacks_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing/fstest"
	"time"

	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/selectors"
)

// world is an attack by a file of a World: it must be refused, and soon.
func world(id, what string, text func() string) attack {
	return attack{id, what, func(*stack) error {
		began := time.Now()
		_, wrong := worldfile.Load(fstest.MapFS{"a.yaml": {Data: []byte(text())}})
		if wrong.Err() == nil {
			return errors.New("it loads")
		}
		if took := time.Since(began); took > 20*time.Second {
			return fmt.Errorf("it took %s to be refused", took)
		}
		return nil
	}}
}

const fleetHead = "apiVersion: muster.fleet/v1alpha1\nkind: Fleet\nmetadata: {name: a}\nspec: "

// secret is an attack by a file that should hold a secret.
func secret(id, what string, make func(path string) error) attack {
	return attack{id, what, func(s *stack) error {
		path := filepath.Join(s.t.TempDir(), "secret")
		s.must(make(path))
		if b, err := identity.ReadSecret(path); err == nil {
			return fmt.Errorf("it was read: %q", b)
		}
		return nil
	}}
}

var inputAttacks = []attack{
	world("input-yaml-bomb", "aliases of aliases, a billion when written out", func() string {
		text := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
		for c := 'b'; c < 'k'; c++ {
			text += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c,", c-1), 10))
		}
		return text
	}),
	world("input-yaml-alias", "an alias in a document", func() string { return fleetHead + "&x {expression: *x}\n" }),
	world("input-yaml-deep", "a document nested 20,000 deep", func() string {
		return fleetHead + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "\n"
	}),
	world("input-selector-deep", "a selector of 100,000 parentheses", func() string {
		return fleetHead + "{expression: '" + strings.Repeat("(", 100000) + "true" + strings.Repeat(")", 100000) + "'}\n"
	}),
	world("input-regex", "a regular expression that would need gigabytes", func() string {
		return fleetHead + `{expression: 'name =~ "((((a{0,999}){0,999}){0,999}){0,999})"'}` + "\n"
	}),
	world("input-circle", "fleets that are made of each other", func() string {
		return strings.ReplaceAll(fleetHead, "name: a", "name: a") + "{expression: '@b'}\n---\n" + strings.ReplaceAll(fleetHead, "name: a", "name: b") + "{expression: '@a'}\n"
	}),
	{"input-nodeset", "a nodeset of 10¹⁸ names", func(*stack) error {
		if _, err := selectors.Parse("{n[0-999999999999999999]}"); err == nil {
			return errors.New("it parses")
		}
		return nil
	}},
	secret("input-readable-secret", "a secret that others may read", func(path string) error { return os.WriteFile(path, []byte("x"), 0o644) }),
	secret("input-group-secret", "a secret that the group may write", func(path string) error {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			return err
		}
		return os.Chmod(path, 0o620)
	}),
	{"input-config-key", "a configuration with a key that nobody reads, as a secret in the wrong place", func(s *stack) error {
		path := filepath.Join(s.t.TempDir(), "config.toml")
		s.must(os.WriteFile(path, []byte("[nats]\npassword = \"x\"\n"), 0o600))
		if _, err := identity.Load(path, func(string) string { return "" }); err == nil {
			return errors.New("it loads")
		}
		return nil
	}},
	{"input-print-secret", "have a token or a key printed", func(*stack) error {
		for _, v := range []any{identity.Claimed{Token: "s3cret"}, identity.KeyFile{Key: "s3cret", KeyID: "k", UserID: "u"}} {
			if text := fmt.Sprintf("%v %+v %#v %s", v, v, v, v); strings.Contains(text, "s3cret") {
				return fmt.Errorf("it prints %s", text)
			}
		}
		return nil
	}},
}
