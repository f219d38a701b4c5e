package setup_test

import (
	"context"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent/setup"
)

// systemd itself reads the units that a device gets.
func TestSystemdTakesTheUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("no systemd-analyze here: apt-get install systemd")
	}
	for _, account := range []string{"muster-agent", "root"} {
		t.Run(account, func(t *testing.T) {
			files := unitsOf(t, account)
			dir, names := t.TempDir(), []string{}
			for name, text := range files {
				// Verify wants the programs to be there.
				text = strings.ReplaceAll(text, setup.AgentPath+" ", "/bin/true ")
				names = append(names, filepath.Join(dir, name))
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			out, err := exec.Command("systemd-analyze", append([]string{"verify", "--man=no"}, names...)...).CombinedOutput()
			if err != nil || len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
			if hardened := strings.Contains(files["muster-agent.service"], "ProtectSystem=strict"); hardened != (account != "root") {
				t.Errorf("hardened: %v", hardened)
			}
		})
	}
}

// unitsOf is what a device with an account gets, by the names.
func unitsOf(t *testing.T, account string) map[string]string {
	d := machineOf(0)
	d.held["/etc/muster/config.toml"] = setup.Entry{Mode: 0o600}
	known, err := setup.Know[setup.AMD64](context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	all, err := setup.DeviceSteps(known, artefact(), setup.Device{Account: account, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	units := map[string]string{}
	for _, s := range all {
		if !strings.HasPrefix(s.Name(), "muster-") {
			continue
		}
		if _, err := setup.Run(t.Context(), d, []setup.Step{s}); err != nil {
			t.Fatal(err)
		}
		units[s.Name()] = string(d.held[path.Join(setup.UnitDir, s.Name())].Data)
	}
	if len(units) != 3 {
		t.Fatalf("%d units", len(units))
	}
	return units
}
