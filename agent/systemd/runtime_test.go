package systemd_test

import (
	"os"
	"strings"
	"testing"

	"github.com/musterfleet/muster/agent/files"
	"github.com/musterfleet/muster/agent/systemd"
	"github.com/musterfleet/muster/algebra"
)

// TestRefusedWithoutSystemd: a machine that systemd did not boot says so.
func TestRefusedWithoutSystemd(t *testing.T) {
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		t.Skip("systemd runs here")
	}
	_, err := systemd.New(t.Context(), files.Config{Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "systemd does not run on this device") {
		t.Errorf("have %v", err)
	}
}

// TestUnits starts, sees, and stops units of the machine's own systemd.
func TestUnits(t *testing.T) {
	if _, err := os.Stat("/run/systemd/system"); err != nil || os.Geteuid() != 0 {
		t.Skip("needs root on a machine that systemd booted: the VM rehearsal runs it")
	}
	r, err := systemd.New(t.Context(), files.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	app := algebra.MustApp("report")
	d, err := algebra.NewDeployment(algebra.DeploymentSpec{App: app, Version: algebra.MustVersion("1"), Systemd: &algebra.Systemd{Units: []algebra.Unit{
		{Name: "muster-test.service", Text: "[Service]\nExecStart=/bin/sleep 1000\n"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Prepare(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context(), d, nil); err != nil {
		t.Fatal(err)
	}
	seen, err := r.Observe(t.Context())
	if err != nil || seen[app].Phase != algebra.Running {
		t.Errorf("started, it shows as %+v, %v", seen[app], err)
	}
	if err := r.Stop(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	if seen, err = r.Observe(t.Context()); err != nil || len(seen) > 0 {
		t.Errorf("stopped, it shows as %+v, %v", seen, err)
	}
}
