package setup

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Account is a step that a host has an account that nobody can sign in to, with a group of its
// own. Root is there always.
func Account(name, home string) Step { return account{name, home} }

type account struct{ name, home string }

func (a account) Name() string { return "account" }

func (a account) Check(_ context.Context, h Host) (Change, error) {
	uid, _, err := numbers(h, a.name)
	if err != nil || uid >= 0 {
		return nil, err
	}
	return a, nil
}

func (a account) Diff() string { return "+ account " + a.name }

func (a account) Apply(ctx context.Context, h Host) error {
	_, err := h.Run(ctx, "useradd", "--system", "--user-group", "--no-create-home", "--home-dir", a.home, "--shell", "/usr/sbin/nologin", a.name)
	return err
}

func (a account) Undo(ctx context.Context, h Host) error {
	if uid, _, err := numbers(h, a.name); err != nil || uid < 0 {
		return err
	}
	_, err := h.Run(ctx, "userdel", a.name)
	return err
}

// numbers are those of an account and its group, -1 if the host has none of that name.
func numbers(h Host, name string) (uid, gid int, err error) {
	if name == "root" {
		return 0, 0, nil
	}
	const file = "/etc/passwd"
	e, err := h.Read(file)
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(e.Data)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 4 || fields[0] != name {
			continue
		}
		if uid, err = strconv.Atoi(fields[2]); err == nil {
			gid, err = strconv.Atoi(fields[3])
		}
		if err != nil {
			return 0, 0, fmt.Errorf("%s: account %s: %w", file, name, err)
		}
		return uid, gid, nil
	}
	return -1, -1, nil
}
