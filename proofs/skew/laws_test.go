package skew_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent/agenttest"
	"github.com/musterfleet/muster/proofs/bench"
)

// versions are both, or the reason why not.
func versions(t *testing.T) (old, now binaries) {
	t.Helper()
	if os.Getenv("MUSTER_SOAK") == "" {
		t.Skip("builds another version: in make soak (MUSTER_SOAK=1)")
	}
	return older(t), today(t)
}

// TestVersionsWorkTogether takes a fleet from the version before to this one and back, and at each step
// rolls out a change that has to arrive at all devices.
func TestVersionsWorkTogether(t *testing.T) {
	old, now := versions(t)
	f := newFleet(t, agenttest.Podman(t))
	rows := [][]string{{"fleet's side", "who acts", "agents", "what happens", "time"}}
	began := time.Now()
	row := func(side, actor, agents, what string) {
		rows = append(rows, []string{side, actor, agents, what, fmt.Sprintf("%.1f s", time.Since(began).Seconds())})
		t.Logf("%q", rows[len(rows)-1])
		began = time.Now()
	}

	f.serve(old)
	f.enroll(old)
	update := f.path("next/muster-agent")
	own := binaries{"its own", "", f.path("bin/muster-agent")} // of the first device, to be updated
	copyFile(t, old.agent, own.agent)
	f.run(own, devices[0], "--update", update)
	f.run(old, devices[1])
	f.run(old, devices[2])
	f.online(old)
	f.muster(old, "apply", "-w", f.world(1, false), "--yes")
	f.at(old, 1, "all")
	row("older", "older apply", "older", "version 1 arrives")

	began = time.Now()
	apply := f.start("apply", old.muster, "apply", "-w", f.world(2, true), "--yes")
	f.at(old, 2, "{edge-1}")
	apply.stop(syscall.SIGKILL)
	f.serve(now)
	f.online(now)
	run := f.runs(now)[0]
	f.muster(now, "apply", "--attach", run)
	f.at(now, 2, "all")
	row("today's, on its records", "older apply, killed in its first wave; today's attaches to the run", "older", "version 2 arrives")

	saved := f.path("plan.json")
	f.world(3, false)
	f.muster(old, "plan", "-w", f.path("world3"), "--out", saved)
	text, err := os.ReadFile(saved)
	must(t, err)
	if !strings.Contains(string(text), `"format_version":"1.3"`) && !strings.Contains(string(text), `"format_version": "1.3"`) {
		t.Errorf("the saved plan is not of the format before: %.200s", text)
	}
	f.muster(now, "apply", "-w", f.path("world3"), saved, "--yes")
	f.at(now, 3, "all")
	row("today's", "older plan saves a plan; today's apply carries it out", "older", "version 3 arrives")

	copyFile(t, now.agent, update)
	f.until("the first device changes over", func() error { return f.says(devices[0], "is heard and stays") })
	f.run(now, devices[1])
	f.online(now)
	serve := f.start("serve", now.muster, "serve", "-w", f.world(4, false), "--listen", "off")
	f.at(now, 4, "all")
	serve.stop(syscall.SIGTERM)
	row("today's", "today's serve", "today's by its own update, today's on an older state directory, older", "version 4 arrives")

	began = time.Now()
	serve = f.start("serve", old.muster, "serve", "-w", f.world(5, true), "--listen", "off", "--lease", "3s")
	f.at(now, 5, "{edge-1}")
	beside := f.start("serve", now.muster, "serve", "-w", f.path("world5"), "--listen", "off", "--lease", "3s")
	serve.stop(syscall.SIGKILL)
	f.at(now, 5, "all")
	f.until("the run ends", func() error { return f.ended(now) })
	beside.stop(syscall.SIGTERM)
	row("today's", "older serve, killed in its first wave; today's, which stood by, leads", "today's, today's, older", "version 5 arrives")

	f.tell(now, now)
	f.tell(old, now)
	row("today's", "questions of tomorrow", "today's, older", "each names what it does not know")

	f.serve(old)
	f.online(old)
	saved = f.path("plan6.json")
	f.muster(now, "plan", "-w", f.world(6, false), "--out", saved)
	f.muster(old, "apply", "-w", f.path("world6"), saved, "--yes", "--take-over")
	f.at(old, 6, "all")
	if seen := f.runs(old); !slices.Equal(seen, f.runs(now)) || len(seen) != 6 {
		t.Errorf("the versions see %q and %q, want six runs", seen, f.runs(now))
	}
	row("older, on today's records", "today's plan saves a plan; older apply carries it out", "today's, today's, older", "version 6 arrives")

	f.tell(now, old)
	row("older", "questions of tomorrow", "today's", "it names what it does not know")

	// The device's agent goes back, with nobody to ask.
	f.side.stop(syscall.SIGKILL)
	f.agents[devices[0]].stop(syscall.SIGTERM)
	must(t, os.Remove(update))
	copyFile(t, old.agent, own.agent)
	_, err = f.podman.Podman(t.Context(), "rm", "--all", "--force", "--time", "0")
	must(t, err)
	mark, err := os.ReadFile(f.agents[devices[0]].log)
	must(t, err)
	f.run(own, devices[0], "--update", update)
	f.until("the container is back", func() error {
		out, err := f.podman.Podman(t.Context(), "ps", "--format", "{{.Command}}", "--no-trunc", "--filter", "label=muster.fleet/app=web")
		if err == nil && !strings.Contains(out, "sleep 1006") {
			err = fmt.Errorf("%q", out)
		}
		return err
	})
	log, err := os.ReadFile(f.agents[devices[0]].log)
	must(t, err)
	if said := string(log[len(mark):]); !strings.Contains(said, "agent starts") || strings.Contains(said, "cannot be used") || strings.Contains(said, "generation=0") {
		t.Errorf("what today's agent remembered is not all read by the one before:\n%s", said)
	}
	row("none", "nobody", "older, on today's state directory, after its containers are gone", "version 6 runs again")

	bench.Record(t, bench.Section{Title: "Two versions", File: "FAULTS.md", Rows: rows, Text: fmt.Sprintf(`The version before, built from %s, and this one, as processes on one machine: muster server run, apply, plan, serve, and
three agents, of which one runs real containers and files. What is promised is said in [executor/wire](../executor/wire/doc.go).`, before[:12]),
		Command: "MUSTER_SOAK=1 go test -count=1 -v -timeout 60m -run '^" + t.Name() + "$' ./proofs/skew"})
}

// TestVersionsSeePlantedBug: an agent that reads a field of the wire by another name gets nothing to
// run, says so, and is found.
func TestVersionsSeePlantedBug(t *testing.T) {
	_, now := versions(t)
	f := newFleet(t, agenttest.Podman(t))
	f.serve(now)
	f.enroll(now)
	for _, d := range devices {
		f.run(planted(t), d)
	}
	f.online(now)
	apply := f.start("apply", now.muster, "apply", "-w", f.world(1, false), "--yes")
	f.until("the device says why", func() error {
		out, err := f.command(now, "query", "-o", "json", "{edge-1}")
		if err == nil && !strings.Contains(out, "no generation; they count from 1") {
			err = fmt.Errorf("%s", out)
		}
		return err
	})
	apply.stop(syscall.SIGKILL)
	if _, err := os.Stat(f.path("conf")); err == nil {
		t.Error("it came to run what it cannot have read")
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	must(t, err)
	must(t, os.MkdirAll(filepath.Dir(to), 0o755))
	must(t, os.WriteFile(to+".new", text, 0o755))
	must(t, os.Rename(to+".new", to))
}

func (f *fleet) says(device, text string) error {
	log, err := os.ReadFile(f.agents[device].log)
	if err == nil && !strings.Contains(string(log), text) {
		err = fmt.Errorf("its log does not say %q", text)
	}
	return err
}
