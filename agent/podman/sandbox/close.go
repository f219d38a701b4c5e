package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Close removes all containers, ends the service, and deletes the directory with everything
// mounted in it. It may be called again.
func (s *Service) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var errs []error
	if _, err := os.Stat(s.dir + "/graph"); err == nil {
		_, err := s.Podman(ctx, "rm", "--all", "--force", "--time", "0")
		errs = append(errs, err)
	}
	s.halt()
	// Podman's own clean-up of a container that just ended may still hold a mount.
	var err error
	for range 50 {
		if err = s.sweep(); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.Join(append(errs, err)...)
}

func (s *Service) sweep() error {
	mounts, err := mountsUnder(s.dir)
	if err != nil {
		return err
	}
	for _, m := range mounts {
		if err := syscall.Unmount(m, 0); err != nil && !errors.Is(err, syscall.EINVAL) {
			return fmt.Errorf("unmount %s: %w", m, err)
		}
	}
	return os.RemoveAll(s.dir)
}

// mountsUnder lists the mount points in dir, the deepest first.
func mountsUnder(dir string) (mounts []string, err error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 4 && strings.HasPrefix(fields[4], dir+"/") {
			mounts = append(mounts, fields[4])
		}
	}
	slices.Reverse(mounts) // a mount is listed after what it lies in
	return mounts, lines.Err()
}
