package invented

import (
	"iter"
	"net/netip"
	"strconv"

	"github.com/musterfleet/muster/algebra"
)

// perSite is how many devices stand in one store.
const perSite = 50

// Devices yields the first n devices in the order of their ids.
func Devices(n int) iter.Seq[algebra.Device] {
	return func(yield func(algebra.Device) bool) {
		for i := range n {
			if !yield(Device(i)) {
				return
			}
		}
	}
}

// Roster is the first n devices, indexed.
func Roster(n int) (*algebra.Roster, error) {
	return algebra.NewRosterFrom(func(yield func(algebra.Device) bool) {
		d := empty() // a roster keeps no map, so one will do
		for i := range n {
			if clear(d.Labels); !yield(filled(d, i)) {
				return
			}
		}
	})
}

// Device is the i-th device.
func Device(i int) algebra.Device { return filled(empty(), i) }

func empty() algebra.Device {
	return algebra.Device{Labels: map[string]string{}, Facts: map[string]string{}}
}

// filled is the i-th device in the maps of d.
func filled(d algebra.Device, i int) algebra.Device {
	site := i / perSite
	d.ID = algebra.MustDeviceID("s" + padded(site, 7) + "-edge" + padded(i%perSite, 2))
	d.Labels["env"] = oneOf(i, "env", environments)
	d.Labels["region"] = oneOf(site, "region", regions)
	d.Labels["ring"] = strconv.Itoa(draw(i, "ring", 10))
	d.Labels["role"] = oneOf(i, "role", roles)
	d.Labels["site"] = sites[site%len(sites)]
	d.Labels["slots"] = strconv.Itoa(draw(i, "slots", 64))
	d.Facts["agent.version"] = oneOf(i, "agent", agents)
	d.Facts["arch"] = oneOf(i, "arch", architectures)
	d.Facts["cpus"] = strconv.Itoa(1 << draw(i, "cpus", 5))
	d.Facts["ip"] = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String()
	d.Facts["mem"] = memories[draw(i, "mem", len(memories))]
	d.Facts["os"] = "linux"
	d.Facts["os.version"] = oneOf(i, "os", systems)
	if draw(i, "canary", 100) == 0 {
		d.Labels["canary"] = "yes"
	}
	if draw(i, "hold", 200) == 0 {
		d.Labels["hold"] = "maintenance"
	}
	if delete(d.Facts, "tags"); draw(i, "tags", 20) == 0 {
		d.Facts["tags"] = "gpu"
	}
	return d
}

// padded is n with zeros in front, in digits at least.
func padded(n, digits int) string {
	text := strconv.Itoa(n)
	return "0000000"[:max(0, digits-len(text))] + text
}

// sites are the names of two thousand stores.
var sites = func() []string {
	names := make([]string, 2000)
	for i := range names {
		names[i] = "store-" + padded(i, 4)
	}
	return names
}()

// A value that stands twice is twice as frequent.
var (
	environments  = []string{"prod", "prod", "prod", "prod", "prod", "prod", "prod", "staging", "staging", "dev"}
	regions       = []string{"ap-south", "eu-north", "eu-west", "us-east", "us-west"}
	roles         = []string{"gateway", "kiosk", "kiosk", "kiosk", "sensor", "sensor"}
	architectures = []string{"aarch64", "aarch64", "aarch64", "x86_64", "x86_64", "armv7l"}
	systems       = []string{"22.04", "22.04", "22.04", "24.04", "24.04", "20.04"}
	memories      = []string{"1GiB", "2GiB", "4GiB", "8GiB", "16GiB", "32GiB"}
	agents        = []string{"2.1.0", "2.1.0", "2.1.0", "2.0.3", "2.2.0-rc.1", "1.9.12"}
)

func oneOf(i int, key string, values []string) string { return values[draw(i, key, len(values))] }

// draw is a number below n that i and the key determine, as evenly spread as if by chance.
func draw(i int, key string, n int) int {
	h := uint64(14695981039346656037) // FNV-1a over the key, then the finish of splitmix64
	for _, c := range []byte(key) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h += uint64(i) * 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return int((h ^ h>>31) % uint64(n))
}
