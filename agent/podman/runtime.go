//go:build remote && containers_image_openpgp

package podman

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/containers/podman/v5/libpod/define"
	"github.com/containers/podman/v5/pkg/bindings"
	"github.com/containers/podman/v5/pkg/errorhandling"
	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
)

// Runtime runs deployments on one podman for one device.
type Runtime struct {
	// Secrets opens the device's secrets; nil has none. It is set before the first use.
	Secrets Secrets
	// Full is the share of the disk that is used; nil asks podman where its storage is. It is set
	// before the first use, as is what Remember names.
	Full func() (float64, error)

	fetched  fetchedImages
	fetching sync.Mutex // of what is remembered of images
	finding  sync.Mutex
	root     string // of podman's storage, once it was asked for

	device algebra.DeviceID
	socket string          // its path
	conn   context.Context // carries the connection, which the bindings look up by value
	checks *checks
	notes  *notes
}

var _ agent.Runtime = (*Runtime)(nil)

// New connects to podman's service at a socket: a path, or unix://path. The connection and
// the health checks end with ctx. The service may come and go; it must be there now.
func New(ctx context.Context, socket string, device algebra.DeviceID) (*Runtime, error) {
	path := strings.TrimPrefix(socket, "unix://")
	if err := reachable(path); err != nil {
		return nil, err
	}
	conn, err := bindings.NewConnection(ctx, "unix://"+path)
	if err != nil {
		return nil, fmt.Errorf("podman socket %s: %w", path, err)
	}
	r := &Runtime{device: device, socket: path, conn: conn, notes: newNotes()}
	r.checks = newChecks(ctx, r.probe)
	return r, nil
}

// Remember has the runtime keep in a file which images it fetched, so that Collect knows them.
func (r *Runtime) Remember(file string) { r.fetched.file = file }

// reachable tells the three ways a socket can be wrong apart, each with its fix.
func reachable(path string) error {
	start := fmt.Sprintf("start it with `systemctl enable --now podman.socket` or `podman system service --time=0 unix://%s`", path)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("podman socket %s: no such file; %s", path, start)
	case err != nil:
		return fmt.Errorf("podman socket: %w", err)
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("podman socket %s: not a socket; name the file that `podman info --format {{.Host.RemoteSocket.Path}}` shows", path)
	}
	c, err := net.Dial("unix", path)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("podman socket %s: nobody listens on it; %s", path, start)
	case err != nil:
		return fmt.Errorf("podman socket: %w", err)
	}
	return c.Close()
}

// away says of an error that podman's service was away or broke off, if it was: then the error is of it,
// and not of what it was to do.
func (r *Runtime) away(err error) error {
	broken := slices.ContainsFunc([]error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE},
		func(e error) bool { return errors.Is(err, e) })
	if err != nil && (broken || reachable(r.socket) != nil) {
		return fmt.Errorf("%w: %w", agent.ErrAway, err)
	}
	return err
}

// call is a caller's context in which the bindings also find the connection.
type call struct {
	context.Context
	conn context.Context
}

func (r *Runtime) call(ctx context.Context) context.Context { return call{ctx, r.conn} }

// Value looks for the connection first; nothing else in it has a meaning for the caller.
func (c call) Value(key any) any {
	if v := c.conn.Value(key); v != nil {
		return v
	}
	return c.Context.Value(key)
}

// notFound reports that what was asked about is not there. Of a container that goes while it is
// being asked about podman says so with another code.
func notFound(err error) bool {
	var e *errorhandling.ErrorModel
	return errors.As(err, &e) && (e.ResponseCode == 404 || errorhandling.Contains(e, define.ErrNoSuchCtr))
}

func ptr[T any](v T) *T { return &v }

// Version is podman's own, as its service said when the connection was made.
func (r *Runtime) Version() string { return bindings.ServiceVersion(r.conn).String() }
