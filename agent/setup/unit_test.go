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
	packaged := map[string]string{}
	for name, text := range setup.Packaged("muster-agent") {
		if unit, ok := strings.CutPrefix(name, "systemd/"); ok {
			packaged[unit] = text
		}
	}
	for name, files := range map[string]map[string]string{"muster-agent": unitsOf(t, "muster-agent"), "root": unitsOf(t, "root"), "packaged": packaged} {
		t.Run(name, func(t *testing.T) {
			dir, names := t.TempDir(), []string{}
			for unit, text := range files {
				// Verify wants the programs to be there.
				text = strings.NewReplacer(setup.AgentPath+" ", "/bin/true ", setup.PackagedPath+" ", "/bin/true ").Replace(text)
				names = append(names, filepath.Join(dir, unit))
				if err := os.WriteFile(filepath.Join(dir, unit), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			out, err := exec.Command("systemd-analyze", append([]string{"verify", "--man=no"}, names...)...).CombinedOutput()
			if err != nil || len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
			if hardened := strings.Contains(files["muster-agent.service"], "ProtectSystem=strict"); hardened != (name != "root") {
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
