package facts_test

import (
	"maps"
	"net/netip"
	"testing"
	"testing/fstest"

	"github.com/musterfleet/muster/agent/facts"
)

func TestOf(t *testing.T) {
	m := facts.Machine{CPUs: 2, DiskBytes: 50 << 30, Root: fstest.MapFS{
		"etc/os-release":                     {Data: []byte("NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\n")},
		"proc/sys/kernel/osrelease":          {Data: []byte("6.1.0-18-amd64\n")},
		"proc/meminfo":                       {Data: []byte("MemTotal:       24684092 kB\nMemFree:         1 kB\n")},
		"sys/firmware/devicetree/base/model": {Data: []byte("Raspberry Pi 4 Model B\x00")},
		"sys/class/dmi/id/product_name":      {Data: []byte("not this one\n")},
	}}
	for _, a := range []string{"127.0.0.1", "fe80::1", "2001:db8::7", "10.0.0.7", "10.0.0.8"} {
		m.Addresses = append(m.Addresses, netip.MustParseAddr(a))
	}
	have := facts.Of(m)
	delete(have, "arch") // of the machine that tests, see below
	want := map[string]string{
		"os": "debian", "os.version": "12", "kernel": "6.1.0-18-amd64", "cpus": "2", "mem": "24105MiB",
		"disk": "51200MiB", "ip": "10.0.0.7", "model": "Raspberry Pi 4 Model B",
	}
	if !maps.Equal(have, want) {
		t.Errorf("facts %v, want %v", have, want)
	}
}

// A machine that tells nothing has no facts but those that need no asking.
func TestNothingIsGuessed(t *testing.T) {
	have := facts.Of(facts.Machine{Root: fstest.MapFS{}})
	if delete(have, "arch"); len(have) > 0 {
		t.Errorf("facts %v", have)
	}
}

func TestHere(t *testing.T) {
	have := facts.Here(t.TempDir())
	for _, name := range []string{"arch", "kernel", "cpus", "mem", "disk"} {
		if have[name] == "" {
			t.Errorf("no %s among %v", name, have)
		}
	}
}
