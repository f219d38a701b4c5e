package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// sample is a release of the program hello, and its texts.
func sample(t *testing.T) (release, []built, texts) {
	t.Helper()
	r := release{version: "1.2.3~rc1", made: time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)}
	hello := filepath.Join(t.TempDir(), "hello")
	cmd := exec.Command("go", "build", "-trimpath", "-o", hello, "./testdata/hello")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var all []built
	for _, name := range []string{"amd64", "armv7"} {
		all = append(all, built{platforms[name], hello, hello})
	}
	return r, all, texts{license: []byte("Apache"), readme: []byte("read"), guide: []byte("guide"), agentManual: []byte(".TH MUSTER-AGENT 8\n"), agentConfig: []byte("device = 1\n"),
		"man/muster.1": []byte(".TH MUSTER 1\n"), "completions/muster.bash": []byte("complete\n"), "completions/_muster": []byte("#compdef\n"),
		"systemd/muster-agent.service": []byte("[Unit]\n"), "sysusers.d/muster-agent.conf": []byte("u muster-agent -\n"),
		"tmpfiles.d/muster-agent.conf": []byte("d /etc/muster\n")}
}

// written is the sample, written once.
var written = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "muster-dist-")
	return filepath.Join(dir, "dist"), err
})

// dist is where the sample is.
func dist(t *testing.T) release {
	t.Helper()
	r, all, texts := sample(t)
	out, err := written()
	if err != nil {
		t.Fatal(err)
	}
	r.out = out
	if _, err := os.Stat(out); err != nil {
		if err := r.write(all, texts); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestMain(m *testing.M) {
	code := m.Run()
	if out, err := written(); err == nil {
		_ = os.RemoveAll(filepath.Dir(out))
	}
	os.Exit(code)
}

// TestSameInputSameBytes: in another folder and at another time the same is written; for a
// commit of another time it is not.
func TestSameInputSameBytes(t *testing.T) {
	r, all, texts := sample(t)
	sums := func(r release) string {
		r.out = filepath.Join(t.TempDir(), "elsewhere")
		if err := r.write(all, texts); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(r.out, sumsFile))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first := sums(r)
	time.Sleep(1100 * time.Millisecond) // archives count in seconds
	if second := sums(r); first != second {
		t.Errorf("first\n%sthen\n%s", first, second)
	}
	r.made = r.made.Add(time.Hour)
	later := strings.Split(sums(r), "\n")
	for i, line := range strings.Split(first, "\n") {
		if line != "" && line == later[i] && !strings.Contains(line, "image/oci-layout") {
			t.Errorf("of another time, and still %s", line)
		}
	}
}

// TestSumsAreRight, as sha256sum sees them, and cover all files.
func TestSumsAreRight(t *testing.T) {
	r := dist(t)
	cmd := exec.Command("sha256sum", "--check", "--strict", sumsFile)
	cmd.Dir = r.out
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	for _, name := range []string{"muster_1.2.3~rc1_amd64.deb", "muster-agent_1.2.3~rc1_armhf.deb", "muster-1.2.3~rc1-linux-armv7.tar.gz", "muster-1.2.3~rc1-linux-amd64.cdx.json", "image/index.json"} {
		if !strings.Contains(string(said), name+": OK\n") {
			t.Errorf("no %s in\n%s", name, said)
		}
	}
}

// TestDebianPackage: dpkg reads the package, and what it has is where Debian wants it.
func TestDebianPackage(t *testing.T) {
	r := dist(t)
	agent := filepath.Join(r.out, "muster-agent_1.2.3~rc1_armhf.deb")
	said := tell(t, "dpkg-deb", "--info", agent) + tell(t, "dpkg-deb", "--contents", agent) +
		tell(t, "dpkg-deb", "--contents", filepath.Join(r.out, "muster_1.2.3~rc1_amd64.deb"))
	for _, want := range []string{" Package: muster-agent\n", " Architecture: armhf\n", " Version: 1.2.3~rc1\n", " Recommends: podman\n", "postinst", "prerm",
		"-rwxr-xr-x root/root", "./usr/bin/muster-agent\n", "./usr/lib/systemd/system/muster-agent.service\n", "./usr/lib/sysusers.d/muster-agent.conf\n",
		"./usr/lib/tmpfiles.d/muster-agent.conf\n", "./usr/share/man/man8/muster-agent.8.gz\n", "./usr/share/doc/muster-agent/config.toml.example\n", "./usr/share/doc/muster-agent/copyright\n",
		"./usr/bin/muster\n", "./usr/share/man/man1/muster.1.gz\n", "./usr/share/bash-completion/completions/muster\n", "./usr/share/zsh/vendor-completions/_muster\n",
		"./usr/share/doc/muster/GUIDE.md\n", "./usr/share/doc/muster/changelog.gz\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
}

// TestImage: the layout is whole, and has an image for each platform.
func TestImage(t *testing.T) {
	r := dist(t)
	index, err := layout.ImageIndexFromPath(filepath.Join(r.out, "image"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	top, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	inner, err := index.ImageIndex(top.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	list, err := inner.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, m := range list.Manifests {
		have = append(have, m.Platform.String())
	}
	if got := strings.Join(have, " "); got != "linux/amd64 linux/arm/v7" {
		t.Errorf("images for %s", got)
	}
}

// TestBill: the bill names the program and the library of Go in it.
func TestBill(t *testing.T) {
	r := dist(t)
	text, err := os.ReadFile(filepath.Join(r.out, "muster-agent-1.2.3~rc1-linux-amd64.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		Format   string `json:"bomFormat"`
		Metadata struct {
			Timestamp string
			Component struct{ Version string }
		}
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(text, &bill); err != nil {
		t.Fatal(err)
	}
	if bill.Format != "CycloneDX" || bill.Metadata.Timestamp != "2026-11-26T03:00:00Z" || bill.Metadata.Component.Version != r.version {
		t.Errorf("%+v", bill)
	}
	for _, c := range bill.Components {
		if c.Name == "std" && c.Version != "" {
			return
		}
	}
	t.Errorf("no library of Go in\n%s", text)
}

// TestRoff: no line of a text is a request.
func TestRoff(t *testing.T) {
	if have := roff(".so x\n'y\na\\b -c\n"); have != "\\&.so x\n\\&'y\na\\eb \\-c\n" {
		t.Errorf("%q", have)
	}
}

// TestTwoBuilds clones the repository twice and builds both: the same bytes. It takes minutes.
func TestTwoBuilds(t *testing.T) {
	if os.Getenv("MUSTER_SOAK") == "" {
		t.Skip("two builds of all there is take minutes: MUSTER_SOAK=1")
	}
	var sums [2][]byte
	for i := range sums {
		dir := t.TempDir()
		tell(t, "git", "clone", "--quiet", "--no-hardlinks", "../../..", filepath.Join(dir, "clone"))
		out := filepath.Join(dir, "dist")
		if err := run(filepath.Join(dir, "clone"), out, "", runtime.GOARCH); err != nil {
			t.Fatal(err)
		}
		var err error
		if sums[i], err = os.ReadFile(filepath.Join(out, sumsFile)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(sums[0], sums[1]) {
		t.Errorf("one build\n%sthe other\n%s", sums[0], sums[1])
	}
	t.Logf("both builds\n%s", sums[0])
}

// tell is what a command prints.
func tell(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
