package algebra_test

import (
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
)

func TestFilesRefuse(t *testing.T) {
	for want, set := range map[string]algebra.Files{
		"none are listed":               {},
		"path must be absolute":         {Files: []algebra.File{{Path: "a"}}},
		"path must be plain":            {Files: []algebra.File{{Path: "/a/../b"}}},
		"path used twice":               {Files: []algebra.File{{Path: "/a"}, {Path: "/a"}}},
		"/a is a file of the same set":  {Files: []algebra.File{{Path: "/a/b/c"}, {Path: "/a"}}},
		`mode: "888" is no octal mode`:  {Files: []algebra.File{{Path: "/a", Mode: "888"}}},
		`owner: "a:b:c" is not USER`:    {Files: []algebra.File{{Path: "/a", Owner: "a:b:c"}}},
		"give content or fetch":         {Files: []algebra.File{{Path: "/a", Content: "x", Fetch: &algebra.Download{}}}},
		"want an http or https url":     {Files: []algebra.File{{Path: "/a", Fetch: &algebra.Download{URL: "file:///etc/shadow"}}}},
		"give one of a text, fromLabel": {Files: []algebra.File{{Path: "/a"}}, Values: map[string]algebra.EnvValue{"A": {Literal: "1", FromFact: "os"}}},
		"path is in /proc":              {Files: []algebra.File{{Path: "/proc/1/x"}}},
	} {
		_, err := algebra.NewDeployment(algebra.DeploymentSpec{App: algebra.MustApp("conf"), Version: algebra.MustVersion("1"), Files: &set})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, have %v", want, err)
		}
	}
}

// TestFilesAreASet: neither their order nor a mode written out is part of the identity.
func TestFilesAreASet(t *testing.T) {
	of := func(fs ...algebra.File) algebra.Deployment {
		d, err := algebra.NewDeployment(algebra.DeploymentSpec{App: algebra.MustApp("conf"), Version: algebra.MustVersion("1"), Files: &algebra.Files{Files: fs}})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	a, b := algebra.File{Path: "/a", Mode: "644"}, algebra.File{Path: "/b"}
	if of(a, b).Digest() != of(b, algebra.File{Path: "/a", Mode: "0644"}).Digest() || of(a).Digest() == of(algebra.File{Path: "/a", Mode: "0600"}).Digest() {
		t.Error("the digest depends on the order, or not on the mode")
	}
	if d := of(a, b); len(d.Resources()) != 2 || d.Resources()[0] != "path /a" || d.Kind() != algebra.FilesKind {
		t.Errorf("holds %q as %s", d.Resources(), d.Kind())
	}
}

func TestOneWorkload(t *testing.T) {
	s := spec(func(*algebra.DeploymentSpec, *algebra.Container) {})
	s.Files = &algebra.Files{Files: []algebra.File{{Path: "/a"}}}
	if _, err := algebra.NewDeployment(s); err == nil || !strings.Contains(err.Error(), "more than one workload") {
		t.Errorf("two workloads: %v", err)
	}
}

func TestSystemdRefuses(t *testing.T) {
	for want, units := range map[string][]algebra.Unit{
		"no units":             {},
		"no name of a service": {{Name: "../../passwd.service", Text: "x"}},
		"no text":              {{Name: "a.service"}},
		"name used twice":      {{Name: "a.service", Text: "x"}, {Name: "a.service", Text: "y"}},
	} {
		_, err := algebra.NewDeployment(algebra.DeploymentSpec{App: algebra.MustApp("a"), Version: algebra.MustVersion("1"), Systemd: &algebra.Systemd{Units: units}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, have %v", want, err)
		}
	}
}

func TestSecretsRefuse(t *testing.T) {
	for want, uses := range map[string][]algebra.SecretUse{
		"name is not a DNS-1123 label": {{Name: "A B", Env: "X"}},
		"give one of env and path":     {{Name: "a"}},
		"is no name of a variable":     {{Name: "a", Env: "A=B"}},
		"path must be plain":           {{Name: "a", Path: "/run/../etc/x"}},
	} {
		_, err := algebra.NewDeployment(spec(func(_ *algebra.DeploymentSpec, c *algebra.Container) { c.Secrets = uses }))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, have %v", want, err)
		}
	}
}
