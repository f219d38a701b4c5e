package faults_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// disk gives a directory a disk of its own that can be filled, if this process may mount one.
func (r *rig) disk(dir string) {
	must(r.T, os.MkdirAll(dir, 0o755))
	if !soak {
		return
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=128m"); err != nil {
		r.undisked = err
		return
	}
	ends = append(ends, func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}

const filler = "filler"

// fill leaves no byte on the disks of these directories.
func (r *rig) fill(dirs ...string) {
	for _, dir := range dirs {
		f, err := os.Create(filepath.Join(dir, filler))
		must(r.T, err)
		for block := make([]byte, 1<<20); len(block) > 0; {
			if _, err = f.Write(block); err != nil {
				block = block[:len(block)/2] // to the last byte
			}
		}
		if !errors.Is(err, syscall.ENOSPC) {
			r.Fatalf("filling %s: %v", dir, err)
		}
		must(r.T, f.Close())
	}
}

func (r *rig) free(dirs ...string) {
	for _, dir := range dirs {
		must(r.T, os.Remove(filepath.Join(dir, filler)))
	}
}

// fullServers have no room to store anything for a while. A server gives JetStream up then, so it is
// started anew when there is room again, as its operator would.
func (r *rig) fullServers(while time.Duration, which ...int) {
	var dirs []string
	for _, i := range which {
		dirs = append(dirs, r.configs[i].Dir)
	}
	r.fill(dirs...)
	time.Sleep(while)
	r.free(dirs...)
	r.hit(0, which...)
}

// fullDevices have no room to remember anything for a while.
func (r *rig) fullDevices(while time.Duration) {
	var dirs []string
	for _, p := range r.fleet {
		dirs = append(dirs, filepath.Join(p.Dir, stateDir))
	}
	r.fill(dirs...)
	time.Sleep(while)
	r.free(dirs...)
}
