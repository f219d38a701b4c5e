package main

import (
	"fmt"

	"github.com/musterfleet/muster/algebra"
)

// simulatedDevices makes up a fleet of n devices, edge-001 and on: three sites, rings 0 to 2
// with a tenth of the fleet in the first, two architectures.
func simulatedDevices(n int) []algebra.Device {
	digits := max(3, len(fmt.Sprint(n)))
	sites := []string{"berlin", "lyon", "turin"}
	devices := make([]algebra.Device, n)
	for i := range devices {
		ring := "2"
		switch i % 10 {
		case 0:
			ring = "0"
		case 1, 2, 3:
			ring = "1"
		}
		arch, mem := "aarch64", "4GiB"
		if i%4 == 3 {
			arch, mem = "x86_64", "16GiB"
		}
		devices[i] = algebra.Device{
			ID:     algebra.MustDeviceID(fmt.Sprintf("edge-%0*d", digits, i+1)),
			Labels: map[string]string{"env": "prod", "site": sites[i%len(sites)], "ring": ring},
			Facts: map[string]string{"arch": arch, "os": "debian", "os.version": "12", "cpus": "4", "mem": mem,
				"model": "simulated", "agent.version": "0"},
		}
	}
	return devices
}
