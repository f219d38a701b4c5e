package invented

import (
	"fmt"
	"iter"
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
func Roster(n int) (*algebra.Roster, error) { return algebra.NewRosterFrom(Devices(n)) }

// Device is the i-th device.
func Device(i int) algebra.Device {
	site := i / perSite
	d := algebra.Device{
		ID: algebra.MustDeviceID(fmt.Sprintf("s%07d-edge%02d", site, i%perSite)),
		Labels: map[string]string{
			"env":    oneOf(i, "env", environments),
			"region": oneOf(site, "region", regions),
			"ring":   strconv.Itoa(draw(i, "ring", 10)),
			"role":   oneOf(i, "role", roles),
			"site":   fmt.Sprintf("store-%04d", site%2000),
			"slots":  strconv.Itoa(draw(i, "slots", 64)),
		},
		Facts: map[string]string{
			"agent.version": oneOf(i, "agent", agents),
			"arch":          oneOf(i, "arch", architectures),
			"cpus":          strconv.Itoa(1 << draw(i, "cpus", 5)),
			"ip":            fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255),
			"mem":           strconv.Itoa(1<<draw(i, "mem", 6)) + "GiB",
			"os":            "linux",
			"os.version":    oneOf(i, "os", systems),
		},
	}
	if draw(i, "canary", 100) == 0 {
		d.Labels["canary"] = "yes"
	}
	if draw(i, "hold", 200) == 0 {
		d.Labels["hold"] = "maintenance"
	}
	if draw(i, "tags", 20) == 0 {
		d.Facts["tags"] = "gpu"
	}
	return d
}

// A value that stands twice is twice as frequent.
var (
	environments  = []string{"prod", "prod", "prod", "prod", "prod", "prod", "prod", "staging", "staging", "dev"}
	regions       = []string{"ap-south", "eu-north", "eu-west", "us-east", "us-west"}
	roles         = []string{"gateway", "kiosk", "kiosk", "kiosk", "sensor", "sensor"}
	architectures = []string{"aarch64", "aarch64", "aarch64", "x86_64", "x86_64", "armv7l"}
	systems       = []string{"22.04", "22.04", "22.04", "24.04", "24.04", "20.04"}
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
