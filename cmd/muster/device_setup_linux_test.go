package main

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/musterfleet/muster/agent/setup/setuptest"
	"github.com/musterfleet/muster/identity"
)

// yard is machines to be made devices, and the operator's files for that.
type yard struct {
	t        *testing.T
	operator *setuptest.Operator
	dir      string
	machines map[string]*setuptest.Machine
}

func newYard(t *testing.T, names ...string) *yard {
	t.Setenv("MUSTER_CONFIG", "")
	y := &yard{t: t, operator: setuptest.NewOperator(t), dir: t.TempDir(), machines: map[string]*setuptest.Machine{}}
	// Any program will do for an agent that is not started.
	program, err := os.ReadFile("/bin/true")
	if err == nil {
		err = os.WriteFile(filepath.Join(y.dir, "muster-agent"), program, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, name := range names {
		m := setuptest.Boot(t, name, y.operator)
		y.machines[name] = m
		all.Go(func() {
			// What is to be the hub of the fleet is a port that answers.
			m.Run("/usr/sbin/sshd -p 4222 -f /etc/ssh/test_config")
			mu.Lock()
			defer mu.Unlock()
			y.operator.Knows(t, m)
		})
		y.credential(name, name)
	}
	all.Wait()
	return y
}

// credential is one as enroll --into leaves it.
func (y *yard) credential(dir, device string) {
	y.t.Helper()
	at := filepath.Join(y.dir, "credentials", dir)
	intent := identity.EnrollmentIntent{URL: "nats://hub.example:4222", Token: "once", Device: device}
	c, err := intent.Resolve(y.t.Context(), at, func(context.Context, identity.EnrollmentIntent, *rsa.PrivateKey) (identity.Enrolled, error) {
		return identity.Enrolled{Device: device, Issuer: "http://issuer.example", Audience: "fleet", UserID: device, KeyID: "k-" + dir, Trust: []byte("trust")}, nil
	})
	if err == nil {
		err = c.Install(at)
	}
	if err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) word(name string) string { return name + "=root@" + y.machines[name].Address }

// setUp runs muster device setup on machines.
func (y *yard) setUp(words []string, more ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	args := append([]string{"device", "setup", "--credentials", filepath.Join(y.dir, "credentials"), "--binaries", y.dir, "--no-start",
		"-i", y.operator.KeyFile, "--known-hosts", y.operator.KnownHosts, "--hosts", "127.0.0.1 hub.example"}, more...)
	code = run(append(args, words...), strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

// sizes depend on this machine and on keys.
var sizes = regexp.MustCompile(`\d+ (bytes|KiB|MiB)( -> \d+ bytes)?`)

// What a dry run shows is what is done then; after that there is nothing to do.
func TestDeviceSetup(t *testing.T) {
	y := newYard(t, "edge-001", "edge-002")
	words := []string{y.word("edge-001"), y.word("edge-002")}
	want := `edge-[001-002]
  ~ /etc/hosts  content, 20 bytes -> 76 bytes
  + /usr/local/bin/muster-agent  -rwxr-xr-x root  43 KiB
  + account muster-agent
  + /etc/muster  drwx------ muster-agent
  + /etc/muster/device.json  -rw------- muster-agent  SIZE
  + /etc/muster/operator.pub  -rw-r--r-- muster-agent  5 bytes
  + /etc/muster/config.toml  -rw------- muster-agent  SIZE
  + /etc/systemd/system/muster-podman.socket  -rw-r--r-- root  SIZE
  + /etc/systemd/system/muster-podman.service  -rw-r--r-- root  SIZE
  + /etc/systemd/system/muster-agent.service  -rw-r--r-- root  SIZE

2 hosts: 2 VERB (20 changes)
`
	is := func(code int, out, errs, want string) {
		t.Helper()
		if code != 0 || sizes.ReplaceAllString(out, "SIZE") != sizes.ReplaceAllString(want, "SIZE") {
			t.Errorf("code %d\n%s%s\nwant\n%s", code, out, errs, want)
		}
	}
	code, out, errs := y.setUp(words, "--dry-run")
	is(code, out, errs, strings.Replace(want, "VERB", "to set up", 1))
	if said := y.machines["edge-001"].Run("ls /etc/muster 2>&1 || true; grep -c muster /etc/passwd || true"); !strings.Contains(said, "No such file") || !strings.HasSuffix(said, "\n0\n") {
		t.Errorf("the dry run changed something: %s", said)
	}
	code, out, errs = y.setUp(words)
	is(code, out, errs, strings.Replace(want, "VERB", "set up", 1))
	code, out, errs = y.setUp(words)
	is(code, out, errs, "2 hosts: 2 as it should be\n")
	said := y.machines["edge-002"].Run("cat /etc/hosts; su -s /bin/sh muster-agent -c 'cat /etc/muster/config.toml'; su -s /bin/sh nobody -c 'cat /etc/muster/config.toml' 2>&1 || true; ls -A /etc/muster")
	for _, text := range []string{"127.0.0.1 localhost\n# muster: begin\n127.0.0.1 hub.example\n", `device = "edge-002"`, "Permission denied", "config.toml\ndevice.json\noperator.pub\n"} {
		if !strings.Contains(said, text) {
			t.Errorf("%q is not in:\n%s", text, said)
		}
	}
}

// Each host fails its own way; each is left as before the step, and the good one is not held up.
func TestDeviceSetupFailures(t *testing.T) {
	names := []string{"good", "unknown", "poor", "readonly", "full", "dies", "foreign", "other", "bsd", "unreachable"}
	y := newYard(t, names...)
	run := func(name, script string) string { t.Helper(); return y.machines[name].Run(script) }
	y.operator.Forget(t, y.machines["unknown"])
	run("poor", "useradd --create-home --password '*' ops")
	run("readonly", "mount -o remount,ro /")
	run("full", "mount -t tmpfs -o size=16k tmpfs /usr/local/bin")
	run("foreign", "echo 'echo something else' > /usr/local/bin/muster-agent; chmod 755 /usr/local/bin/muster-agent")
	y.credential("stranger", "stranger")
	run("other", "mkdir -m 700 /etc/muster; printf 'device = \"stranger\"\n[nats]\nurl = \"nats://elsewhere\"\n' > /etc/muster/config.toml; cp /etc/muster/config.toml /root/before")
	run("bsd", "printf '#!/bin/sh\necho FreeBSD amd64\n' > /usr/bin/uname")
	run("unreachable", "kill $(pgrep -f [s]shd.-p.4222)")
	var words []string
	for _, name := range names {
		words = append(words, strings.Replace(y.word(name), "poor=root", "poor=ops", 1))
	}
	// The power goes while the agent's binary is on its way, which is made to take a while.
	big, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(y.dir, "muster-agent"), append(big, make([]byte, 60<<20)...), 0o755); err != nil {
		t.Fatal(err)
	}
	died := make(chan bool)
	go func() {
		defer close(died)
		run("dies", "until test -e /usr/local/bin/muster-agent.muster-new; do sleep 0.01; done")
		y.machines["dies"].Die()
	}()
	code, out, errs := y.setUp(words, "-o", "json")
	<-died
	if code != 1 {
		t.Errorf("code %d: %s", code, errs)
	}
	var results []setupResult
	if err := json.Unmarshal([]byte(out), &results); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	have := map[string]setupResult{}
	for _, r := range results {
		have[r.Device] = r
	}
	for name, want := range map[string]string{
		"good":        "",
		"unknown":     "connect: the host's key SHA256:",
		"poor":        "connect: no sudo without a password: true: exit status 1: sudo: a password is required",
		"readonly":    "names: /etc/hosts: the file system is read-only",
		"full":        "agent: /usr/local/bin/muster-agent: no space left on device: ",
		"dies":        "agent: /usr/local/bin/muster-agent: the connection to the host is lost",
		"foreign":     "agent: /usr/local/bin/muster-agent is there and is no muster-agent; move it away",
		"other":       "config.toml: /etc/muster/config.toml: the host is device stranger of the fleet at nats://elsewhere already; --again has it changed over",
		"bsd":         `preflight: the host is "FreeBSD amd64"; the agent runs on Linux on x86_64, aarch64 and armv7l`,
		"unreachable": "reach: nats://hub.example:4222 cannot be reached from the host: ",
	} {
		if r := have[name]; want == "" && r.Error != "" || !strings.HasPrefix(r.Error, want) || strings.Contains(r.Error, "\n") {
			t.Errorf("%s: %q, want %q", name, r.Error, want)
		}
	}
	if n := len(have["good"].Changes); n != 10 {
		t.Errorf("the good one was held up: %+v", have["good"])
	}
	for name, script := range map[string]string{
		"full":    "test -z \"$(ls -A /usr/local/bin)\"",
		"dies":    "test ! -e /usr/local/bin/muster-agent",
		"foreign": "grep -q 'something else' /usr/local/bin/muster-agent",
		"other":   "cmp /etc/muster/config.toml /root/before",
	} {
		run(name, script)
	}
	// The power is back: what was cut off goes on.
	run("dies", "/usr/sbin/sshd -p 4222 -f /etc/ssh/test_config")
	if code, out, errs := y.setUp([]string{y.word("dies")}); code != 0 || !strings.HasPrefix(out, "dies\n  + /usr/local/bin/muster-agent") || !strings.HasSuffix(out, "\n1 host: 1 set up (9 changes)\n") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	// A device gets new keys by itself; setup does not bring the first one back.
	run("dies", "sed -i s/k-dies/renewed/ /etc/muster/device.json")
	if code, out, errs := y.setUp([]string{y.word("dies")}); code != 0 || out != "1 host: 1 as it should be\n" {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	if code, out, errs := y.setUp([]string{y.word("other")}, "--again"); code != 0 || !strings.Contains(out, "~ /etc/muster/config.toml") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
}

// On a terminal there is one table, which is drawn over; what is said in the end stands below it.
func TestDeviceSetupTable(t *testing.T) {
	y := newYard(t, "edge-001")
	text := onTerminal(t, "device", "setup", "--credentials", filepath.Join(y.dir, "credentials"), "--binaries", y.dir, "--no-start", "-i", y.operator.KeyFile,
		"--known-hosts", y.operator.KnownHosts, "--hosts", "127.0.0.1 hub.example", y.word("edge-001"), "away=root@127.0.0.1:1")
	seen := strings.Join(screenOf(text), "\n")
	table, said, _ := strings.Cut(seen, "2 of 2\n")
	if strings.Count(table, "HOST") != 1 || !strings.Contains(table, "done") || !strings.Contains(table, "failed: connect") || !strings.Contains(said, "! connect: cannot be reached: ") {
		t.Errorf("%s", seen)
	}
}
