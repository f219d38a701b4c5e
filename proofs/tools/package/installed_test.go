package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestInstalled installs the packages that make package wrote into a root of their own, as the
// guide says, and starts what they brought: a fleet, and a device that joins it.
func TestInstalled(t *testing.T) {
	dist := os.Getenv("MUSTER_DIST")
	if dist == "" {
		t.Skip("there are no packages to install: make package runs this")
	}
	root, bin := t.TempDir(), t.TempDir()
	for _, name := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "etc"} {
		must(t, os.MkdirAll(filepath.Join(root, name), 0o755))
	}
	must(t, os.WriteFile(filepath.Join(root, "var/lib/dpkg/status"), nil, 0o644))
	real, err := exec.LookPath("dpkg")
	must(t, err)
	for name, text := range map[string]string{
		"sudo": `exec "$@"`,
		"dpkg": fmt.Sprintf(`[ "$1" = -i ] || exec %s "$@"
exec %[1]s --root=%s --force-not-root --force-depends --force-script-chrootless --log=/dev/null "$@"`, real, root),
	} {
		must(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	}
	env := append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	sh := func(command string) string {
		t.Helper()
		cmd := exec.Command("bash", "-euc", command)
		cmd.Dir, cmd.Env = filepath.Dir(dist), env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		return string(out)
	}
	t.Log(sh(guideSays(t, "sh")))

	env = append(env, "PATH="+filepath.Join(root, "usr/bin")+":"+os.Getenv("PATH"), "HOME="+t.TempDir())
	t.Log(sh("muster version; muster-agent version"))
	sh(fmt.Sprintf("source %s/usr/share/bash-completion/completions/muster && complete -p muster", root))
	for _, page := range []string{"man1/muster.1", "man1/muster-plan.1", "man1/muster-rollout-approve.1", "man8/muster-agent.8"} {
		if text := sh(fmt.Sprintf("zcat %s/usr/share/man/%s.gz", root, page)); !strings.HasPrefix(text, ".") || !strings.Contains(text, ".SH SYNOPSIS") {
			t.Errorf("%s is no manual:\n%s", page, text)
		}
	}

	if os.Getuid() == 0 { // what the scripts of the package have systemd's tools do on a device
		sh(fmt.Sprintf("systemd-sysusers --root=%s muster-agent.conf && systemd-tmpfiles --root=%[1]s --create muster-agent.conf", root))
		folder := sh(fmt.Sprintf("uid=$(grep '^muster-agent:' %s/etc/passwd | cut -d: -f3) && find %[1]s/etc/muster -maxdepth 0 -uid $uid -printf '%%m %%y'", root))
		if folder != "700 d" {
			t.Errorf("the folder of the configuration is not the agent's alone: %s", folder)
		}
	} else {
		t.Log("not root, so no account is made, and no folder of its own")
	}
	units := sh(fmt.Sprintf("cd %s/usr/lib/systemd/system && ls && grep -h ^ExecStart= muster-agent.service", root))
	if want := "muster-agent.service\nmuster-podman.service\nmuster-podman.socket\nExecStart=/usr/bin/muster-agent run --config /etc/muster/config.toml "; !strings.HasPrefix(units, want) {
		t.Errorf("units\n%swant\n%s", units, want)
	}

	work := t.TempDir()
	start := func(command string) {
		t.Helper()
		cmd := exec.Command("bash", "-c", "exec "+command)
		cmd.Dir, cmd.Env = work, env
		must(t, cmd.Start())
		t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	}
	start("muster dev --devices 1 --podman off --dir fleet > fleet.log 2>&1")
	env = append(env, "MUSTER_CONFIG="+filepath.Join(work, "fleet/config.toml"))
	await(t, func() bool { return exec.Command("test", "-e", filepath.Join(work, "fleet/config.toml")).Run() == nil })
	joined := sh("cd " + work + ` && url=$(grep -o 'nats://[0-9.:]*' fleet/config.toml) &&
		muster-agent join $url --token $(muster enroll --device gw-7 --approve -o name) --device gw-7 --dir gw-7`)
	if !strings.Contains(joined, "gw-7 is enrolled") {
		t.Error(joined)
	}
	start("muster-agent run --config gw-7/config.toml --state state --simulate > agent.log 2>&1")
	await(t, func() bool { return strings.Contains(sh("muster query 'heartbeat within 1m' -o names"), "gw-7") })
}

// TestInstalledAsLintianWants: a finding of lintian is an error of ours.
func TestInstalledAsLintianWants(t *testing.T) {
	dist := os.Getenv("MUSTER_DIST")
	if dist == "" {
		t.Skip("there are no packages to look at: make package runs this")
	}
	if _, err := exec.LookPath("lintian"); err != nil {
		t.Skip("lintian is not installed: apt-get install lintian")
	}
	list, err := filepath.Glob(filepath.Join(dist, "*.deb"))
	must(t, err)
	out, err := exec.Command("lintian", append([]string{"--fail-on", "error", "--suppress-tags", "initial-upload-closes-no-bugs"}, list...)...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// TestInstalledImage: podman takes the layout without a registry, and the image runs.
func TestInstalledImage(t *testing.T) {
	dist := os.Getenv("MUSTER_DIST")
	if dist == "" {
		t.Skip("there is no image to run: make package runs this")
	}
	if _, err := exec.LookPath("podman"); err != nil {
		t.Skip("podman is not installed")
	}
	store := t.TempDir()
	podman := func(args ...string) (string, error) {
		cmd := exec.Command("podman", append([]string{"--root", filepath.Join(store, "root"), "--runroot", filepath.Join(store, "run"), "--storage-driver", "vfs"}, args...)...)
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	said, err := podman("pull", "--quiet", "oci:"+filepath.Join(dist, "image"))
	if err != nil {
		t.Fatalf("podman pull: %v: %s", err, said)
	}
	t.Cleanup(func() { _, _ = podman("system", "reset", "--force") })
	lines := strings.Split(said, "\n")
	said, err = podman("run", "--rm", "--network", "none", lines[len(lines)-1], "version")
	if err != nil {
		if strings.Contains(said, "cgroup") || strings.Contains(said, "runc") || strings.Contains(said, "crun") {
			t.Skipf("podman takes the image, and runs none on this machine: %s", said)
		}
		t.Fatalf("podman run: %v: %s", err, said)
	}
	if !strings.HasPrefix(said, "muster ") {
		t.Errorf("it says %q", said)
	}
}

// guideSays is the first block of a kind in the guide.
func guideSays(t *testing.T, kind string) string {
	t.Helper()
	text, err := os.ReadFile("../../../cmd/GUIDE.md")
	must(t, err)
	_, rest, found := strings.Cut(string(text), "```"+kind+"\n")
	block, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatalf("the guide has no block of kind %s", kind)
	}
	return block
}

func await(t *testing.T, ready func() bool) {
	t.Helper()
	for range 150 {
		if ready() {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatal("not after 30 s")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
