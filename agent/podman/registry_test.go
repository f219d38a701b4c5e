//go:build remote && containers_image_openpgp

package podman_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/musterfleet/muster/agent/agenttest"
	"github.com/musterfleet/muster/agent/podman"
	"github.com/musterfleet/muster/agent/podman/sandbox"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// texts are secrets in the place of a vault.
type texts map[string]string

func (x texts) Secret(_ context.Context, n wire.SecretName, use wire.SecretUse) ([]byte, uint64, error) {
	text, ok := x[string(use)+" "+string(n)]
	if !ok {
		return nil, 0, errors.New("there is no secret " + string(n))
	}
	return []byte(text), 1, nil
}

// registry is Debian's registry on this machine, which lets user ann with password pw in.
type registry struct {
	address string
	cmd     *exec.Cmd
}

func serveRegistry(t *testing.T) *registry {
	t.Helper()
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		t.Skip("no registry here: apt-get install docker-registry")
	}
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	r := &registry{address: l.Addr().String()}
	must(t, l.Close())
	hash, err := bcrypt.GenerateFromPassword([]byte("pw"), bcrypt.MinCost)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "htpasswd"), []byte("ann:"+string(hash)+"\n"), 0o600))
	config := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s/data}}\nhttp: {addr: %q}\nauth: {htpasswd: {realm: test, path: %s/htpasswd}}\n", dir, r.address, dir)
	must(t, os.WriteFile(filepath.Join(dir, "config.yml"), []byte(config), 0o600))
	r.cmd = exec.Command(program, "serve", filepath.Join(dir, "config.yml"))
	must(t, r.cmd.Start())
	t.Cleanup(r.stop)
	for range 200 {
		if c, err := net.Dial("tcp", r.address); err == nil {
			_ = c.Close()
			return r
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the registry does not listen")
	return nil
}

func (r *registry) stop() {
	if r.cmd.Process != nil {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
	}
}

// push puts an image of the sandbox into the registry and gives its name with the digest.
func (r *registry) push(t *testing.T, s *sandbox.Service, image, as string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "digest")
	agenttest.Run(t, s, "push", "--quiet", "--tls-verify=false", "--creds", "ann:pw", "--digestfile", file, image, r.address+"/"+as)
	digest, err := os.ReadFile(file)
	must(t, err)
	return r.address + "/" + as + "@" + string(digest)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRegistry fetches from a real registry by digest, with credentials, and collects.
func TestRegistry(t *testing.T) {
	reg := serveRegistry(t)
	s := agenttest.Podman(t)
	must(t, s.Insecure(reg.address))
	first, second := reg.push(t, s, sandbox.Image1, "demo"), reg.push(t, s, sandbox.Image2, "demo")
	if first == second {
		t.Fatal("two images with one digest")
	}
	agenttest.Run(t, s, "rmi", sandbox.Image2) // else it would be the same image under another's name
	vault := texts{}
	r, err := podman.New(t.Context(), s.Socket, edge)
	must(t, err)
	r.Secrets = vault
	r.Remember(filepath.Join(t.TempDir(), "images.json"))
	pinned := func(image string) algebra.Deployment {
		d, err := algebra.NewDeployment(algebra.DeploymentSpec{App: web, Version: algebra.MustVersion("1"),
			Podman: &algebra.Podman{Containers: []algebra.Container{{Name: "web", Image: image, Command: []string{"sleep", "1000"}, StopSeconds: 1}}}})
		must(t, err)
		return d
	}
	if err := r.Prepare(t.Context(), pinned(first)); err == nil || !strings.Contains(err.Error(), "without credentials: there is no secret "+reg.address) {
		t.Errorf("without credentials: %v", err)
	}
	login, err := json.Marshal(wire.RegistryLogin{Username: "ann", Password: "pw"})
	must(t, err)
	vault["registry "+reg.address] = string(login)
	must(t, r.Prepare(t.Context(), pinned(first)))
	must(t, r.Prepare(t.Context(), pinned(second)))
	wrong := first[:len(first)-4] + "0000"
	if err := r.Prepare(t.Context(), pinned(wrong)); err == nil {
		t.Error("a digest that no image has was fetched")
	}

	// What was fetched starts with the registry gone.
	reg.stop()
	must(t, r.Prepare(t.Context(), pinned(first)))
	start(t, r, pinned(first))
	until(t, r, func(p algebra.Phase, _ int) bool { return p == algebra.Running })

	// A full disk: what nothing needs goes, what runs and what is kept stays.
	there := func(image string) bool {
		_, err := s.Podman(t.Context(), "image", "exists", image)
		return err == nil
	}
	full := 0.5
	r.Full = func() (float64, error) { return full, nil }
	must(t, r.Collect(t.Context(), nil))
	if !there(second) {
		t.Error("an image was removed from a disk with room")
	}
	full = 0.9
	must(t, r.Collect(t.Context(), []algebra.Deployment{pinned(second)}))
	if !there(first) || !there(second) {
		t.Error("an image that is needed was removed")
	}
	must(t, r.Collect(t.Context(), nil))
	if !there(first) || there(second) || !there(sandbox.Image1) {
		t.Errorf("the running image is there: %t, the unused: %t, that of others: %t", there(first), there(second), there(sandbox.Image1))
	}
}

// TestSecretsReachContainers and nothing else.
func TestSecretsReachContainers(t *testing.T) {
	s := agenttest.Podman(t)
	r := open(t, s, edge)
	r.Secrets = texts{"containers db-password": "hunter2", "containers cert": "line one\nline two\n"}
	c := algebra.Container{Command: []string{"sh", "-c", "echo env=$DB; cat /etc/app/cert; exec sleep 1000"},
		Secrets: []algebra.SecretUse{{Name: "db-password", Env: "DB"}, {Name: "cert", Path: "/etc/app/cert"}}}
	d := deployment(t, c)
	must(t, r.Prepare(t.Context(), d))
	must(t, r.Start(t.Context(), d, nil))
	until(t, r, func(p algebra.Phase, _ int) bool { return p == algebra.Running })
	name := podman.ContainerName(edge, web, "web")
	if text := agenttest.Run(t, s, "logs", name); !strings.Contains(text, "env=hunter2") || !strings.Contains(text, "line two") {
		t.Errorf("the container saw %q", text)
	}
	if mode := agenttest.Run(t, s, "exec", name, "ls", "-l", "/etc/app/cert"); !strings.HasPrefix(mode, "-r--------") {
		t.Errorf("the file is %s", mode)
	}
	// Podman itself shows a variable to who may inspect the container, and a file to nobody.
	if seen := agenttest.Run(t, s, "inspect", name); strings.Contains(seen, "line two") {
		t.Error("podman inspect shows a secret that is a file")
	}
	must(t, r.Stop(t.Context(), web))
	if left := agenttest.Run(t, s, "secret", "ls", "--quiet"); strings.TrimSpace(left) != "" {
		t.Errorf("left behind: %s", left)
	}
	delete(r.Secrets.(texts), "containers cert")
	if err := r.Prepare(t.Context(), d); err == nil || !strings.Contains(err.Error(), "there is no secret cert") {
		t.Errorf("without a secret: %v", err)
	}
}
