package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// oldest is the first version of podman whose service the agent speaks to.
const oldest = 4

// Podman is a step that podman and a runtime for it are installed, from the distribution's packages
// if they are not.
func Podman() Step { return podman{} }

type podman struct{}

func (podman) Name() string { return "podman" }

func (podman) Check(ctx context.Context, h Host) (Change, error) {
	said, err := h.Run(ctx, "podman", "--version") // podman version 4.3.1
	if err == nil {
		if _, crun := h.Run(ctx, "crun", "--version"); crun != nil {
			_, err = h.Run(ctx, "runc", "--version")
		}
	}
	if err != nil {
		return missing(h)
	}
	words := strings.Fields(said)
	major, _, _ := strings.Cut(words[len(words)-1], ".")
	if n, err := strconv.Atoi(major); err != nil || n < oldest {
		return nil, fmt.Errorf("%s is too old; want %d or later", strings.TrimSpace(said), oldest)
	}
	return nil, nil
}

// manager installs packages the way of a family of distributions.
type manager struct {
	ids                    []string // of os-release
	refresh, list          []string
	install, remove, names []string
}

var managers = []manager{
	{ids: []string{"debian", "ubuntu"}, refresh: []string{"apt-get", "update", "-q"},
		list:    []string{"dpkg-query", "-W", "-f", "${Package}\n"},
		install: []string{"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-q", "-y", "--no-install-recommends"},
		remove:  []string{"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "purge", "-q", "-y"},
		// What podman wants of these by recommendation it cannot do without.
		names: []string{"podman", "crun", "netavark", "aardvark-dns", "iptables"}},
	{ids: []string{"fedora", "rhel", "centos"}, refresh: []string{"dnf", "makecache", "-q"},
		list:    []string{"rpm", "-qa", "--qf", "%{NAME}\n"},
		install: []string{"dnf", "install", "-q", "-y"}, remove: []string{"dnf", "remove", "-q", "-y"},
		names: []string{"podman", "crun"}},
}

// missing is the change that installs podman.
func missing(h Host) (Change, error) {
	id, like, err := distribution(h)
	if err != nil {
		return nil, err
	}
	for _, m := range managers {
		if slices.ContainsFunc(append([]string{id}, like...), func(s string) bool { return slices.Contains(m.ids, s) }) {
			return &installing{manager: m}, nil
		}
	}
	return nil, fmt.Errorf("podman is missing, and how to install it on %s is not known; install podman %d or later and crun or runc", id, oldest)
}

// distribution is what the host's os-release says it is, and is like.
func distribution(h Host) (id string, like []string, err error) {
	var e Entry
	// The second is mostly a link to the first, and links are not followed.
	for _, path := range []string{"/usr/lib/os-release", "/etc/os-release"} {
		if e, err = h.Read(path); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return "", nil, err
	}
	for line := range strings.Lines(string(e.Data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch value = strings.Trim(value, `"'`); key {
		case "ID":
			id = value
		case "ID_LIKE":
			like = strings.Fields(value)
		}
	}
	return id, like, nil
}

type installing struct {
	manager
	before []string // what was installed, once Apply has looked
}

func (i *installing) Diff() string { return "+ packages " + strings.Join(i.names, ", ") }

func (i *installing) Apply(ctx context.Context, h Host) (err error) {
	if i.before, err = i.installed(ctx, h); err != nil {
		return err
	}
	if _, err := h.Run(ctx, i.refresh...); err != nil {
		return err
	}
	_, err = h.Run(ctx, append(i.install[:len(i.install):len(i.install)], i.names...)...)
	return err
}

func (i *installing) installed(ctx context.Context, h Host) ([]string, error) {
	out, err := h.Run(ctx, i.list...)
	return strings.Fields(out), err
}

// Undo removes what was installed since.
func (i *installing) Undo(ctx context.Context, h Host) error {
	if i.before == nil {
		return nil
	}
	now, err := i.installed(ctx, h)
	if err != nil {
		return err
	}
	now = slices.DeleteFunc(now, func(name string) bool { return slices.Contains(i.before, name) })
	if len(now) == 0 {
		return nil
	}
	_, err = h.Run(ctx, append(i.remove[:len(i.remove):len(i.remove)], now...)...)
	return err
}
