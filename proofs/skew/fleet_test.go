package skew_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent/podman/sandbox"
)

// devices of the fleet. The first runs real containers and files, the others keep in memory what
// they would run.
var devices = []string{"edge-1", "edge-2", "edge-3"}

// fleet is a server and devices, as processes.
type fleet struct {
	*testing.T
	dir            string
	podman         *sandbox.Service
	broker, issuer string
	side           *process
	agents         map[string]*process
}

func (f *fleet) path(name string) string { return filepath.Join(f.dir, name) }

// process is one that runs, and where its log is.
type process struct {
	*exec.Cmd
	log   string
	ended chan struct{}
}

func (f *fleet) start(name, binary string, args ...string) *process {
	f.Helper()
	p := &process{Cmd: exec.Command(binary, args...), log: f.path(name + ".log"), ended: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(f.T, err)
	p.Dir, p.Stdout, p.Stderr = f.dir, log, log
	p.Env = append(os.Environ(), "MUSTER_CONFIG="+f.path("server/config.toml"))
	p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(f.T, p.Start())
	go func() { _ = p.Wait(); _ = log.Close(); close(p.ended) }()
	f.Cleanup(func() { p.stop(syscall.SIGKILL) })
	return p
}

func (p *process) stop(how syscall.Signal) {
	_ = p.Process.Signal(how)
	<-p.ended
}

func newFleet(t *testing.T, podman *sandbox.Service) *fleet {
	f := &fleet{T: t, dir: t.TempDir(), podman: podman, agents: map[string]*process{}}
	f.broker, f.issuer = freeAddress(t), freeAddress(t)
	return f
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

// serve has a version be the fleet's side, on the records that are there.
func (f *fleet) serve(b binaries) {
	f.Helper()
	if f.side != nil {
		f.side.stop(syscall.SIGTERM)
	}
	f.side = f.start("server", b.muster, "server", "run", "--dir", f.path("server"), "--listen", f.broker, "--issuer-listen", f.issuer)
	f.until("the server of "+b.version, func() error { _, err := f.command(b, "rollout", "list"); return err })
}

// enroll makes the credentials of all devices.
func (f *fleet) enroll(b binaries) {
	f.Helper()
	for _, d := range devices {
		f.muster(b, "enroll", "--device", d, "--approve", "--into", f.path("devices"))
	}
}

// run has a version be a device, on the state directory that is there.
func (f *fleet) run(b binaries, device string, more ...string) {
	f.Helper()
	if a := f.agents[device]; a != nil {
		a.stop(syscall.SIGTERM)
	}
	args := append([]string{"run", "--config", f.path("devices/" + device + "/config.toml"), "--state", f.path(device)}, more...)
	if device == devices[0] {
		args = append(args, "--podman", f.podman.Socket)
	} else {
		args = append(args, "--simulate")
	}
	f.agents[device] = f.start("agent-"+device, b.agent, args...)
}

// online waits until all devices were heard by the server that runs now.
func (f *fleet) online(b binaries) {
	f.Helper()
	f.until("all online", func() error {
		out, err := f.command(b, "query", "--count", "heartbeat within 40s")
		if err == nil && strings.TrimSpace(out) != fmt.Sprint(len(devices)) {
			err = fmt.Errorf("%s", out)
		}
		return err
	})
}

// at waits until all devices say that they run a version, and looks at what the first really has.
func (f *fleet) at(b binaries, version int, which string) {
	f.Helper()
	for _, app := range []string{"web", "conf"} {
		ask := fmt.Sprintf(`%s[any(deploy: app = %s & version = %d.0.0 & phase in (Running, Completed))]`, which, app, version)
		f.until(ask, func() error {
			have, err := f.command(b, "query", "--count", ask)
			want, err2 := f.command(b, "query", "--count", which)
			if err == nil && err2 == nil && have != want {
				err = fmt.Errorf("%s of %s", strings.TrimSpace(have), want)
			}
			return err
		})
	}
	text, err := os.ReadFile(f.path("conf"))
	must(f.T, err)
	if string(text) != fmt.Sprintln(version) {
		f.Errorf("%s has the file of version %s", devices[0], text)
	}
	names, err := f.podman.Podman(f.Context(), "ps", "--format", "{{.Command}}", "--no-trunc", "--filter", "label=muster.fleet/app=web")
	must(f.T, err)
	if !strings.Contains(names, fmt.Sprintf("sleep 100%d", version)) || strings.Count(names, "sleep") != 1 {
		f.Errorf("%s runs %q, want version %d", devices[0], names, version)
	}
}

// world is a directory with a World of that version: a container and a file, first on one device.
// If it soaks, each of its waves waits for a while.
func (f *fleet) world(version int, soaks bool) string {
	f.Helper()
	soak := ""
	if soaks {
		soak = ", soak: 15s"
	}
	dir := f.path(fmt.Sprint("world", version))
	must(f.T, os.MkdirAll(dir, 0o755))
	must(f.T, os.WriteFile(filepath.Join(dir, "world.yaml"), fmt.Appendf(nil, `apiVersion: muster.fleet/v1alpha1
kind: World
metadata: {name: skew}
spec: {gates: none}
---
apiVersion: muster.fleet/v1alpha1
kind: Deployment
metadata: {name: web}
spec: {app: web, version: %[1]d.0.0, podman: {containers: [{name: web, image: '%[2]s', pull: never, stopTimeout: 1s, command: [sleep, '100%[1]d']}]}}
---
apiVersion: muster.fleet/v1alpha1
kind: Deployment
metadata: {name: conf}
spec: {app: conf, version: %[1]d.0.0, files: {files: [{path: '%[3]s', content: "%[1]d\n"}]}}
---
apiVersion: muster.fleet/v1alpha1
kind: Assignment
metadata: {name: all}
spec: {fleet: all, deploy: [web, conf]}
---
apiVersion: muster.fleet/v1alpha1
kind: Rollout
metadata: {name: all}
spec: {for: all, waves: [{fleet: '{edge-1}'}, {rest: true}], gate: {healthy: 100%%, minimum: 1%[4]s}}
`, version, sandbox.Image1, f.path("conf"), soak), 0o644))
	return dir
}

// until waits until something can be done.
func (f *fleet) until(what string, do func() error) {
	f.Helper()
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		err := do()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			for name, p := range f.agents {
				text, _ := os.ReadFile(p.log)
				f.Logf("%s:\n%s", name, text[max(0, len(text)-2000):])
			}
			f.Fatalf("%s: not within 3 minutes: %v", what, err)
		}
	}
}
