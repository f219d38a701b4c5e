package algebra_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
)

// TestDeploymentRoundTrip: the canonical form is read back as the same deployment.
func TestDeploymentRoundTrip(t *testing.T) {
	algebratest.Law(t, planted)(prop.ForAll(func(s algebratest.Situation) bool {
		for _, d := range s.World.Deployments {
			again, err := algebra.ParseDeployment(d.Canonical())
			if err != nil || again.Digest() != d.Digest() || again.Compare(d.Deployment) != 0 {
				return false
			}
			anew, err := algebra.NewDeployment(again.Spec())
			if err != nil || anew.Digest() != d.Digest() {
				return false
			}
		}
		return true
	}, algebratest.Situations()))
}

// spec is a sound spec that a test spoils.
func spec(spoil func(*algebra.DeploymentSpec, *algebra.Container)) algebra.DeploymentSpec {
	s := algebra.DeploymentSpec{App: algebra.MustApp("web"), Version: algebra.MustVersion("1")}
	c := algebra.Container{Name: "web", Image: "web:1", Ports: []algebra.Port{{Host: 80}}}
	s.Podman = &algebra.Podman{}
	spoil(&s, &c)
	if s.Podman != nil {
		s.Podman.Containers = append([]algebra.Container{c}, s.Podman.Containers...)
	}
	return s
}

func TestDeploymentRefuses(t *testing.T) {
	type S = algebra.DeploymentSpec
	type C = algebra.Container
	for want, spoil := range map[string]func(*S, *C){
		"app and version are required":             func(s *S, _ *C) { s.App = algebra.App{} },
		"deployment: app and version are required": func(s *S, _ *C) { s.Version = algebra.Version{} },
		"no workload":                  func(s *S, _ *C) { s.Podman = nil },
		"name is not a DNS-1123 label": func(_ *S, c *C) { c.Name = "Web" },
		"image is required":            func(_ *S, c *C) { c.Image = "" },
		"name used twice":              func(s *S, _ *C) { s.Podman.Containers = []C{{Name: "web", Image: "x"}} },
		`port 80/tcp is published by "web" already`: func(s *S, _ *C) {
			s.Podman.Containers = []C{{Name: "x", Image: "x", Ports: []algebra.Port{{Host: 80, Protocol: "tcp"}}}}
		},
		"host must be 1 to 65535":          func(_ *S, c *C) { c.Ports = []algebra.Port{{}} },
		`protocol: "sctp" is not one of`:   func(_ *S, c *C) { c.Ports[0].Protocol = "sctp" },
		"both paths must be absolute":      func(_ *S, c *C) { c.Mounts = []algebra.Mount{{Host: "srv", Container: "/srv"}} },
		"give one of a text, fromLabel":    func(_ *S, c *C) { c.Env = map[string]algebra.EnvValue{"A": {Literal: "1", FromLabel: "a"}} },
		`env "A=B"`:                        func(_ *S, c *C) { c.Env = map[string]algebra.EnvValue{"A=B": {}} },
		"health: exec is required":         func(_ *S, c *C) { c.Health = &algebra.Health{} },
		"must not be negative":             func(_ *S, c *C) { c.Memory = -1 },
		`network: "bridge" is not one of`:  func(_ *S, c *C) { c.Network = "bridge" },
		`restart: "sometimes" is not one`:  func(_ *S, c *C) { c.Restart = "sometimes" },
		`pull: "never ever" is not one of`: func(_ *S, c *C) { c.Pull = "never ever" },
		"requires":                         func(s *S, _ *C) { s.Requires = []algebra.App{{}} },
	} {
		d, err := algebra.NewDeployment(spec(spoil))
		if err == nil || !strings.Contains(err.Error(), want) || !d.IsZero() {
			t.Errorf("want %q, have %v", want, err)
		}
	}
	if _, err := algebra.NewDeployment(spec(func(*S, *C) {})); err != nil {
		t.Errorf("the unspoilt spec: %v", err)
	}
}

// TestParseDeploymentRefuses what NewDeployment could not have written, whoever sent it.
func TestParseDeploymentRefuses(t *testing.T) {
	good, err := algebra.NewDeployment(spec(func(*algebra.DeploymentSpec, *algebra.Container) {}))
	if err != nil {
		t.Fatal(err)
	}
	text := string(good.Canonical())
	for name, bytes := range map[string]string{
		"nothing":            "",
		"null":               "null",
		"an empty object":    "{}",
		"no workload":        `{"app":"web","version":"1"}`,
		"no containers":      `{"app":"web","version":"1","podman":{"containers":null}}`,
		"white space":        text + "\n",
		"an unknown field":   strings.Replace(text, `{"app"`, `{"x":1,"app"`, 1),
		"another order":      `{"version":"1","app":"web"` + strings.TrimPrefix(text, `{"app":"web","version":"1"`),
		"a field in capital": strings.Replace(text, `"app"`, `"App"`, 1),
		"a field twice":      strings.Replace(text, `{"app"`, `{"app":"db","app"`, 1),
		"an unsound spec":    strings.Replace(text, `"image":"web:1"`, `"image":""`, 1),
		"unsorted requires":  strings.TrimSuffix(text, "}") + `,"requires":["b","a"]}`,
	} {
		if d, err := algebra.ParseDeployment([]byte(bytes)); err == nil {
			t.Errorf("%s: read as %s", name, d)
		}
	}
}

// TestRequiresIsASet: neither order nor repetition is part of the identity.
func TestRequiresIsASet(t *testing.T) {
	with := func(apps ...string) algebra.Digest {
		return algebratest.MustDeployment("web", "1", algebra.Container{Name: "web", Image: "web"}, apps...).Digest()
	}
	if with("a", "b") != with("b", "a", "b") || with("a") == with("b") || with() == with("a") {
		t.Error("the digest depends on the order, or not on the apps")
	}
}

func TestDeploymentIsACopy(t *testing.T) {
	s := spec(func(*algebra.DeploymentSpec, *algebra.Container) {})
	d, err := algebra.NewDeployment(s)
	if err != nil {
		t.Fatal(err)
	}
	before := d.Digest()
	s.Podman.Containers[0].Image = "evil"
	d.Canonical()[0] = 'X'
	if d.Spec().Podman.Containers[0].Image != "web:1" || algebra.DigestOf(d.Canonical()) != before {
		t.Error("the deployment changed with what it was made from")
	}
}

func TestResources(t *testing.T) {
	d, err := algebra.NewDeployment(spec(func(s *algebra.DeploymentSpec, c *algebra.Container) {
		c.Ports = append(c.Ports, algebra.Port{Host: 80, Protocol: "udp"}, algebra.Port{Host: 443, Container: 8443, Protocol: "tcp"})
		s.Podman.Containers = []algebra.Container{{Name: "aide", Image: "aide"}}
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := []algebra.Resource{"container aide", "container web", "port 443/tcp", "port 80/tcp", "port 80/udp"}
	if !slices.Equal(d.Resources(), want) {
		t.Errorf("have %q, want %q", d.Resources(), want)
	}
}

func TestValues(t *testing.T) {
	c := algebra.Container{Name: "web", Image: "web", Env: map[string]algebra.EnvValue{
		"SITE": {FromLabel: "site"}, "AGAIN": {FromLabel: "site"}, "ARCH": {FromFact: "arch"}, "FACT": {FromFact: "site"}, "NONE": {}, "LEVEL": {Literal: "1"},
	}}
	d := algebratest.MustDeployment("web", "1", c)
	if got := strings.Join(d.Takes(), " "); got != "fact:arch fact:site label:site" {
		t.Errorf("takes %s", got)
	}
	dev := algebra.Device{Labels: map[string]string{"site": ""}, Facts: map[string]string{"arch": "x86_64"}}
	v, missing := d.Values(dev)
	if strings.Join(missing, " ") != "fact:site" || len(v) != 2 {
		t.Errorf("values %v, missing %v", v, missing)
	}
	if _, err := c.Environ(v); err == nil || !strings.Contains(err.Error(), "env FACT") {
		t.Errorf("an environment without its values: %v", err)
	}
	dev.Facts["site"] = "lab=1"
	v, missing = d.Values(dev)
	env, err := c.Environ(v)
	if err != nil || len(missing) > 0 || strings.Join(env, " ") != "AGAIN= ARCH=x86_64 FACT=lab=1 LEVEL=1 NONE= SITE=" {
		t.Errorf("environment %q, missing %v, %v", env, missing, err)
	}
	if algebra.Values(nil).Digest() != (algebra.Values{}).Digest() || v.Digest() == (algebra.Values{}).Digest() {
		t.Error("the digest of no values is not one, or that of some")
	}
}

// A deployment of a newer version is refused for what is not known here, by name.
func TestDeploymentOfTomorrow(t *testing.T) {
	for text, field := range map[string]string{
		`{"app":"web","version":"1.0","wasm":{"module":"x"}}`:                                        "wasm",
		`{"app":"web","version":"1.0","podman":{"containers":[{"name":"web","image":"x","gpu":1}]}}`: "gpu",
	} {
		_, err := algebra.ParseDeployment([]byte(text))
		if err == nil || !strings.Contains(err.Error(), `field "`+field+`" is not known to this version`) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := algebra.ParseDeployment([]byte(`{ "app":"web"}`)); err == nil || !strings.Contains(err.Error(), "canonical") {
		t.Errorf("a blank: %v", err)
	}
}
