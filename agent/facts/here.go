package facts

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"syscall"
)

// Here reads the facts of this machine. disk is a path on the disk that workloads use.
func Here(disk string) map[string]string {
	m := Machine{Root: os.DirFS("/"), CPUs: runtime.NumCPU()}
	var s syscall.Statfs_t
	if err := syscall.Statfs(disk, &s); err == nil {
		m.DiskBytes = s.Blocks * uint64(s.Bsize)
	}
	if addresses, err := net.InterfaceAddrs(); err == nil {
		for _, a := range addresses {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				m.Addresses = append(m.Addresses, p.Addr())
			}
		}
	}
	return Of(m)
}
