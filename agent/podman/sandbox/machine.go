package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// lacking is what the machine lacks to run podman, or nothing.
func lacking() string {
	if os.Getuid() != 0 {
		return "not root, and rootless podman is not supported by this rig"
	}
	for _, need := range []string{"podman", "conmon"} {
		if _, err := exec.LookPath(need); err != nil {
			return fmt.Sprintf("no %s; on Debian: apt-get install podman runc conmon busybox-static iptables", need)
		}
	}
	if ociRuntime() == "" {
		return "neither runc nor crun; on Debian: apt-get install runc"
	}
	if _, err := busybox(); err != nil {
		return err.Error()
	}
	return ""
}

// ociRuntime prefers runc: crun sets resource limits in ways a sandbox may forbid.
func ociRuntime() string {
	for _, name := range []string{"runc", "crun"} {
		if _, err := exec.LookPath(name); err == nil {
			return name
		}
	}
	return ""
}

// configure writes the configuration files and the environment that points at them.
func (s *Service) configure(driver string) error {
	events := filepath.Join(s.dir, "events.log")
	// Podman's defaults raise limits above what this process may have; these lie below.
	containers := fmt.Sprintf(`[containers]
default_ulimits = ["nofile=%[1]d:%[1]d", "nproc=%[2]d:%[2]d"]
netns = "host"
log_driver = "k8s-file"
[engine]
runtime = %[3]q
cgroup_manager = "cgroupfs"
lock_type = "file"
events_logger = "file"
events_logfile_path = %[4]q
tmp_dir = %[5]q
[network]
network_config_dir = %[6]q
`, limit(syscall.RLIMIT_NOFILE, 10000), limit(rlimitProcesses, 1000), ociRuntime(), events,
		filepath.Join(s.dir, "tmp"), filepath.Join(s.dir, "net"))
	storage := fmt.Sprintf("[storage]\ndriver = %q\ngraphroot = %q\nrunroot = %q\n",
		driver, filepath.Join(s.dir, "graph"), filepath.Join(s.dir, "run"))
	s.env = append(os.Environ(),
		"CONTAINERS_CONF="+filepath.Join(s.dir, "containers.conf"),
		"CONTAINERS_STORAGE_CONF="+filepath.Join(s.dir, "storage.conf"),
		"CONTAINERS_REGISTRIES_CONF="+filepath.Join(s.dir, "registries.conf"))
	if err := os.WriteFile(filepath.Join(s.dir, "registries.conf"), nil, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.dir, "containers.conf"), []byte(containers), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.dir, "storage.conf"), []byte(storage), 0o644)
}

const rlimitProcesses = 6 // RLIMIT_NPROC, which package syscall leaves out

func limit(resource int, most uint64) uint64 {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(resource, &l); err != nil {
		return most
	}
	return min(l.Max, most)
}
