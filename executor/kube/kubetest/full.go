package kubetest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Full is a kube-apiserver in a process of its own, with users, namespaces and the resources of the
// core, which kubectl works on. Nothing else of Kubernetes runs: no controller makes pods, and
// namespaces do not go.
type Full struct {
	Config     *rest.Config
	Kubeconfig string // of an administrator
	t          testing.TB
	binary     string
	dir        string
	process    *exec.Cmd
}

// readyWithin is how long a kube-apiserver may take to start, on a machine that does other things.
const readyWithin = 2 * time.Minute

// StartFull runs the kube-apiserver that make kube-apiserver built, until the end of the test. Where
// it is not built the test is skipped.
func StartFull(t testing.TB) *Full {
	t.Helper()
	quiet()
	binary, err := built()
	if err != nil {
		t.Skip(err)
	}
	f := &Full{t: t, binary: binary, dir: t.TempDir()}
	f.Kubeconfig = filepath.Join(f.dir, "kubeconfig")
	t.Cleanup(f.Stop)
	f.Start()
	return f
}

// built is the binary, which lies in bin/tools of the repository.
func built() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		path := filepath.Join(dir, "bin/tools/kube-apiserver")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("bin/tools/kube-apiserver is not there; make kube-apiserver builds it, once, in some minutes")
		}
		dir = filepath.Dir(dir)
	}
}

// Start starts a server that was stopped, on the store and the port that it had.
func (f *Full) Start() {
	f.t.Helper()
	log, err := os.OpenFile(filepath.Join(f.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	defer log.Close() // the process has its own
	if err := os.Remove(f.Kubeconfig); err != nil && !errors.Is(err, os.ErrNotExist) {
		f.t.Fatal(err)
	}
	f.process = exec.Command(f.binary, f.dir)
	f.process.Stdout, f.process.Stderr = log, log
	f.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that panics leaves none behind
	if err := f.process.Start(); err != nil {
		f.t.Fatal(err)
	}
	for end := time.Now().Add(readyWithin); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(f.Kubeconfig); err == nil {
			break
		}
		if time.Now().After(end) {
			said, _ := os.ReadFile(log.Name()) // what there is of it
			f.t.Fatalf("kube-apiserver is not ready after %s: %s", readyWithin, said)
		}
	}
	if f.Config, err = clientcmd.BuildConfigFromFlags("", f.Kubeconfig); err != nil {
		f.t.Fatal(err)
	}
	f.Config.QPS, f.Config.Burst = 1000, 2000
}

// Stop ends the server, at once: what is not in its store is lost, as when a machine fails.
func (f *Full) Stop() {
	if f.process == nil || f.process.Process == nil {
		return
	}
	_ = f.process.Process.Kill() // it may have ended
	_ = f.process.Wait()
	f.process = nil
}
