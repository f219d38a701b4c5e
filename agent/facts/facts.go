package facts

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
)

// Machine is what facts are read from.
type Machine struct {
	// Root is the file system from its root on.
	Root fs.FS
	// CPUs is the number that may be used, DiskBytes the size of the disk that workloads use
	// (0: not known), Addresses are those of the network interfaces.
	CPUs      int
	DiskBytes uint64
	Addresses []netip.Addr
}

// Of reads the facts of a machine.
func Of(m Machine) map[string]string {
	found := map[string]string{}
	put := func(name, text string) {
		if text = strings.TrimSpace(strings.Trim(text, "\x00\n")); text != "" {
			found[name] = text
		}
	}
	release := keyed(m.text("etc/os-release"), "=")
	put("arch", arch())
	put("os", strings.Trim(release["ID"], `"'`))
	put("os.version", strings.Trim(release["VERSION_ID"], `"'`))
	put("kernel", m.text("proc/sys/kernel/osrelease"))
	put("model", m.text("sys/firmware/devicetree/base/model"))
	if found["model"] == "" {
		put("model", m.text("sys/class/dmi/id/product_name"))
	}
	if m.CPUs > 0 {
		put("cpus", strconv.Itoa(m.CPUs))
	}
	kib, unit, _ := strings.Cut(strings.TrimSpace(keyed(m.text("proc/meminfo"), ":")["MemTotal"]), " ")
	if n, err := strconv.ParseUint(kib, 10, 64); err == nil && unit == "kB" {
		put("mem", mebibytes(n<<10))
	}
	if m.DiskBytes > 0 {
		put("disk", mebibytes(m.DiskBytes))
	}
	for _, a := range m.Addresses {
		if a.IsGlobalUnicast() && (found["ip"] == "" || a.Is4() && strings.Contains(found["ip"], ":")) {
			put("ip", a.String())
		}
	}
	return found
}

func (m Machine) text(path string) string {
	b, err := fs.ReadFile(m.Root, path)
	if err != nil {
		return "" // a fact that cannot be found is left out
	}
	return string(b)
}

// keyed reads lines of a key, a separator and a text.
func keyed(text, separator string) map[string]string {
	m := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader([]byte(text)))
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), separator); ok {
			m[key] = value
		}
	}
	return m
}

func mebibytes(n uint64) string { return fmt.Sprintf("%dMiB", n>>20) }

// arch is the machine's name of what Go names otherwise.
func arch() string {
	names := map[string]string{
		"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "arm": "armv7l", "riscv64": "riscv64",
		"ppc64le": "ppc64le", "s390x": "s390x", "loong64": "loongarch64", "mips64le": "mips64",
	}
	if name, ok := names[runtime.GOARCH]; ok {
		return name
	}
	return runtime.GOARCH
}
