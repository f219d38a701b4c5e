package attacks_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/musterfleet/muster/agent/files"
	"github.com/musterfleet/muster/algebra"
)

// fileNamed is an attack by the path of a file, which must not even make a deployment.
func fileNamed(id, what, path string) attack {
	return attack{id, what, func(*stack) error {
		if d, err := filesOf(path); err == nil {
			return fmt.Errorf("it makes %s", d)
		}
		return nil
	}}
}

func filesOf(paths ...string) (algebra.Deployment, error) {
	set := &algebra.Files{}
	for _, p := range paths {
		set.Files = append(set.Files, algebra.File{Path: p, Content: "gained"})
	}
	return algebra.NewDeployment(algebra.DeploymentSpec{App: algebra.MustApp("conf"), Version: algebra.MustVersion("1"), Files: set})
}

// fileAt is an attack by a sound path on a device where somebody prepared what is on its way: the
// agent must write nothing of the set, and nothing outside.
func fileAt(id, what, path string, prepare func(root, outside string) error) attack {
	return attack{id, what, func(s *stack) error {
		root, outside := s.t.TempDir(), s.t.TempDir()
		s.must(prepare(root, outside))
		ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
		defer cancel()
		r, err := files.Open(ctx, files.Config{Root: root, Dir: s.t.TempDir(), Forbidden: []string{"/etc/muster"}})
		s.must(err)
		d, err := filesOf("/a-first", path)
		s.must(err)
		if r.Prepare(ctx, d) == nil {
			return errors.New("the agent would write it")
		}
		if r.Start(ctx, d, nil) == nil {
			return errors.New("the agent wrote it")
		}
		if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
			return fmt.Errorf("outside there is %v, %v", left, err)
		}
		if _, err := os.Lstat(filepath.Join(root, "a-first")); !os.IsNotExist(err) {
			return errors.New("half the set was written")
		}
		return nil
	}}
}

var fileAttacks = []attack{
	fileNamed("file-traversal", "a file whose path climbs out by ..", "/srv/../etc/shadow"),
	fileNamed("file-traversal-end", "a path that ends in ..", "/srv/app/.."),
	fileNamed("file-relative", "a relative path", "etc/shadow"),
	fileNamed("file-dot", "a path with a dot for a name", "/srv/./x"),
	fileNamed("file-slashes", "a path with two slashes", "//etc/shadow"),
	fileNamed("file-nul", "a path with a NUL, behind which a kernel stops to read", "/etc/shadow\x00.conf"),
	fileNamed("file-line", "a path with a line end", "/etc/x\ny"),
	fileNamed("file-proc", "a file in /proc", "/proc/sys/kernel/core_pattern"),
	fileNamed("file-sys", "a file in /sys", "/sys/fs/cgroup/release_agent"),
	fileNamed("file-dev", "a file in /dev", "/dev/mem"),
	fileNamed("file-root", "the root itself", "/"),
	fileAt("file-link-parent", "a directory on the way that a workload made a link", "/srv/app/conf", func(root, outside string) error {
		return errors.Join(os.Mkdir(filepath.Join(root, "srv"), 0o755), os.Symlink(outside, filepath.Join(root, "srv", "app")))
	}),
	fileAt("file-link-up", "a link on the way that climbs", "/srv/app/conf", func(root, outside string) error {
		return errors.Join(os.Mkdir(filepath.Join(root, "srv"), 0o755), os.Symlink("../..", filepath.Join(root, "srv", "app")))
	}),
	fileAt("file-link-itself", "a link in the place of the file", "/conf", func(root, outside string) error {
		return os.Symlink(filepath.Join(outside, "x"), filepath.Join(root, "conf"))
	}),
	fileAt("file-directory", "a directory in the place of the file", "/conf", func(root, outside string) error {
		return os.Mkdir(filepath.Join(root, "conf"), 0o755)
	}),
	fileAt("file-agent-key", "the agent's own configuration, with the keys it trusts", "/etc/muster/operator.pub", func(string, string) error { return nil }),
}
