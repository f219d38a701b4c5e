package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Service is a running podman service.
type Service struct {
	// Socket is the path of the service's socket.
	Socket string

	dir    string
	env    []string
	server *exec.Cmd
	ended  chan struct{}
	log    *os.File
}

// Unavailable is why podman cannot be had on this machine: a reason to skip, not a failure.
type Unavailable struct{ Reason string }

func (u *Unavailable) Error() string { return "podman cannot be had here: " + u.Reason }

// Start brings up a podman service whose every file is in dir, which is made if need be, and
// imports the two images. Its error is an *Unavailable if the machine cannot run podman.
func Start(ctx context.Context, dir string) (*Service, error) {
	if why := lacking(); why != "" {
		return nil, &Unavailable{why}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &Service{Socket: filepath.Join(dir, "api.sock"), dir: dir}
	if len(s.Socket) > 100 { // a socket's path holds 108 bytes at most
		return nil, fmt.Errorf("sandbox: %s: the path is too long for a socket; use a shorter directory", s.Socket)
	}
	var tried []string
	for _, driver := range []string{"overlay", "vfs"} {
		err := s.start(ctx, driver)
		if err == nil {
			return s, nil
		}
		tried = append(tried, driver+": "+err.Error())
		if err := s.Close(); err != nil {
			return nil, fmt.Errorf("sandbox: clean up: %w", err)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return nil, &Unavailable{strings.Join(tried, "; ")}
}

// start tries one storage driver up to a container that has run.
func (s *Service) start(ctx context.Context, driver string) error {
	if err := os.MkdirAll(filepath.Join(s.dir, "net"), 0o755); err != nil {
		return err
	}
	if err := s.configure(driver); err != nil {
		return err
	}
	if err := s.serve(ctx); err != nil {
		return err
	}
	for _, image := range []string{Image1, Image2} {
		if err := s.importImage(ctx, image); err != nil {
			return err
		}
	}
	_, err := s.Podman(ctx, "run", "--rm", Image1, "/bin/true")
	return err
}

// serve starts the service process and waits until it answers.
func (s *Service) serve(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(s.dir, "service.log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	s.log = log
	s.server = exec.Command("podman", "system", "service", "--time=0", "unix://"+s.Socket)
	s.server.Env, s.server.Stdout, s.server.Stderr = s.env, log, log
	// A terminal's ctrl-c is for the caller, who then closes the service.
	s.server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.server.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func(server *exec.Cmd, ended chan struct{}) {
		_ = server.Wait() // how it ended is in the log
		close(ended)
	}(s.server, s.ended)
	for begun := time.Now(); time.Since(begun) < 20*time.Second; {
		if c, err := net.Dial("unix", s.Socket); err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ended:
			return errors.New("podman system service: ended at once: " + s.lastWords())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return errors.New("podman system service: does not answer after 20 s: " + s.lastWords())
}

// Insecure lets images be fetched without TLS from a registry on this machine, at HOST:PORT. It
// counts only before anything was fetched, since podman reads it once.
func (s *Service) Insecure(registry string) error {
	text := fmt.Sprintf("[[registry]]\nlocation = %q\ninsecure = true\n", registry)
	return os.WriteFile(filepath.Join(s.dir, "registries.conf"), []byte(text), 0o644)
}

// halt ends the service process, and only that: containers run on.
func (s *Service) halt() {
	if s.server == nil || s.ended == nil {
		return
	}
	_ = s.server.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-s.ended:
	case <-time.After(5 * time.Second):
		_ = s.server.Process.Kill()
		<-s.ended
	}
	s.server = nil
	_ = s.log.Close()
}

// Kill ends the service as kill -9 does, in the middle of whatever it is doing. Containers run on;
// Restart brings it back.
func (s *Service) Kill() {
	_ = s.server.Process.Kill() // it may have ended by itself
	<-s.ended
}

// Restart ends the service and starts it again on the same socket. Containers run on.
func (s *Service) Restart(ctx context.Context) error {
	s.halt()
	if err := os.Remove(s.Socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return s.serve(ctx)
}

// Podman runs the podman command on this service's storage, as somebody at the machine would
// behind the agent's back, and gives what it printed.
func (s *Service) Podman(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "podman", args...)
	cmd.Env = s.env
	var errText strings.Builder
	cmd.Stderr = &errText
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("podman %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errText.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// Env is the environment under which a podman command finds this service's storage.
func (s *Service) Env() []string { return append([]string(nil), s.env...) }

func (s *Service) lastWords() string {
	b, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " / ")
}
