package algebra_test

import (
	"testing"

	"github.com/musterfleet/muster/algebra"
)

// TestDefaultsAreNotPartOfTheIdentity: a default written out is the deployment that leaves
// it out; anything else in its place is another.
func TestDefaultsAreNotPartOfTheIdentity(t *testing.T) {
	digest := func(edit func(*algebra.Container)) algebra.Digest {
		c := algebra.Container{Name: "web", Image: "localhost/web:1", Ports: []algebra.Port{{Host: 80}},
			Health: &algebra.Health{Exec: []string{"true"}}}
		edit(&c)
		d, err := algebra.NewDeployment(algebra.DeploymentSpec{App: algebra.MustApp("web"), Version: algebra.MustVersion("1"),
			Podman: &algebra.Podman{Containers: []algebra.Container{c}}})
		if err != nil {
			t.Fatal(err)
		}
		return d.Digest()
	}
	plain := digest(func(*algebra.Container) {})
	for name, edit := range map[string]struct{ same, other func(*algebra.Container) }{
		"restart":  {func(c *algebra.Container) { c.Restart = "always" }, func(c *algebra.Container) { c.Restart = "never" }},
		"pull":     {func(c *algebra.Container) { c.Pull = "missing" }, func(c *algebra.Container) { c.Pull = "never" }},
		"stop":     {func(c *algebra.Container) { c.StopSeconds = 10 }, func(c *algebra.Container) { c.StopSeconds = 1 }},
		"port":     {func(c *algebra.Container) { c.Ports[0].Container = 80 }, func(c *algebra.Container) { c.Ports[0].Container = 81 }},
		"protocol": {func(c *algebra.Container) { c.Ports[0].Protocol = "tcp" }, func(c *algebra.Container) { c.Ports[0].Protocol = "udp" }},
		"every":    {func(c *algebra.Container) { c.Health.EverySeconds = 30 }, func(c *algebra.Container) { c.Health.EverySeconds = 5 }},
		"failures": {func(c *algebra.Container) { c.Health.Failures = 3 }, func(c *algebra.Container) { c.Health.Failures = 1 }},
	} {
		if digest(edit.same) != plain {
			t.Errorf("%s: the default written out changes the digest", name)
		}
		if digest(edit.other) == plain {
			t.Errorf("%s: another value does not change the digest", name)
		}
	}
}
