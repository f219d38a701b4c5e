package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// require is a step that asks and never changes anything.
type require struct {
	name string
	ask  func(ctx context.Context, h Host) error
}

func (r require) Name() string { return r.name }

func (r require) Check(ctx context.Context, h Host) (Change, error) { return nil, r.ask(ctx, h) }

// Disk is a step that so many bytes are free where a path is.
func Disk(path string, free uint64) Step {
	return require{"disk", func(ctx context.Context, h Host) error {
		out, err := h.Run(ctx, "df", "-Pk", path)
		if err != nil {
			return err
		}
		lines := strings.Split(strings.TrimSpace(out), "\n")
		fields := strings.Fields(lines[len(lines)-1])
		if len(fields) < 4 {
			return fmt.Errorf("df -Pk %s said %q", path, out)
		}
		kib, err := strconv.ParseUint(fields[3], 10, 64)
		if err != nil {
			return fmt.Errorf("df -Pk %s: %w", path, err)
		}
		if kib < free>>10 {
			return fmt.Errorf("%d MiB are free at %s, %d are wanted", kib>>10, path, free>>20)
		}
		return nil
	}}
}

// Clock is a step that the host's clock differs by less than within: tokens have an end, and the
// host has to know when that is.
func Clock(now func() time.Time, within time.Duration) Step {
	return require{"clock", func(ctx context.Context, h Host) error {
		out, err := h.Run(ctx, "date", "+%s")
		if err != nil {
			return err
		}
		there, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
		if err != nil {
			return fmt.Errorf("date: %w", err)
		}
		if off := time.Unix(there, 0).Sub(now()).Round(time.Second); off.Abs() > within {
			return fmt.Errorf("the host's clock is off by %v; set it: timedatectl set-ntp true", off)
		}
		return nil
	}}
}

// Cgroups is a step that control groups are mounted: without them no container starts.
func Cgroups() Step {
	return require{"cgroups", func(_ context.Context, h Host) error {
		e, err := h.Read("/proc/self/mounts")
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(e.Data)) {
			if fields := strings.Fields(line); len(fields) > 2 && (fields[2] == "cgroup2" || fields[2] == "cgroup") {
				return nil
			}
		}
		return errors.New("no control groups are mounted; on small boards add cgroup_enable=memory to the kernel's command line")
	}}
}

// Reach is a step that the host can connect to a URL. Names are looked up in the lines of a hosts
// file first: those are still to be placed. A host that lets nobody find out passes.
func Reach(address string, hosts ...string) Step {
	return require{"reach", func(ctx context.Context, h Host) error {
		d, ok := h.(Dialer)
		if !ok {
			return nil
		}
		to, err := hostPort(address, hosts)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		conn, err := d.Dial(ctx, to)
		switch {
		case errors.Is(err, ErrUnknown):
			return nil
		case err != nil:
			return fmt.Errorf("%s cannot be reached from the host: %w", address, err)
		}
		return conn.Close()
	}}
}

var ports = map[string]string{"nats": "4222", "tls": "4222", "http": "80", "https": "443"}

func hostPort(address string, hosts []string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return "", fmt.Errorf("%q is no URL", address)
	}
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = ports[u.Scheme]
	}
	for _, line := range hosts {
		if words := strings.Fields(line); len(words) > 1 && slices.Contains(words[1:], host) {
			host = words[0]
		}
	}
	return net.JoinHostPort(host, port), nil
}

// Free is a step that nobody listens at an address of the host but a unit of its own.
func Free(address, unit string) Step {
	return require{"ports", func(ctx context.Context, h Host) error {
		if s, err := (running{unit: unit}).state(ctx, h); err == nil && s.active {
			return nil
		}
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		d, ok := h.(Dialer)
		if !ok {
			return nil
		}
		conn, err := d.Dial(ctx, net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			return nil // nobody answers
		}
		return errors.Join(fmt.Errorf("port %s is in use by something else than %s", port, unit), conn.Close())
	}}
}

// Systemd is a step that the host was booted by systemd.
func Systemd() Step {
	return require{"systemd", func(_ context.Context, h Host) error {
		booted, err := booted(h)
		if err == nil && !booted {
			err = errors.New("it does not run on this host; --no-start has all placed and nothing started")
		}
		return err
	}}
}

func booted(h Host) (bool, error) {
	_, err := h.Read("/run/systemd/system")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
