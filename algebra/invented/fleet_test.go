package invented_test

import (
	"reflect"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/invented"
)

// TestDevices checks what benchmarks lean on: ids ascend and no two are equal, so that a roster is
// built without sorting, and keys have about the frequencies that the package promises.
func TestDevices(t *testing.T) {
	const n = 20_000
	r, err := invented.Roster(n)
	if err != nil {
		t.Fatal(err)
	}
	last := algebra.DeviceID{}
	for d := range invented.Devices(n) {
		if d.ID.Compare(last) <= 0 {
			t.Fatalf("%s follows %s", d.ID, last)
		}
		last = d.ID
	}
	if got, want := r.Device(4242), invented.Device(4242); !reflect.DeepEqual(got, want) {
		t.Errorf("device 4242 is %v in a fleet of %d, alone %v", got, n, want)
	}
	for key, share := range map[string]float64{"canary": 0.01, "hold": 0.005, "env": 1} {
		_, without := r.All().Partition(algebra.Key{Label: true, Name: key})
		if have := 1 - float64(without.Len())/n; have < share*0.8 || have > share*1.2 {
			t.Errorf("%.4f of the devices have %s, want about %.4f", have, key, share)
		}
	}
	parts, _ := r.All().Partition(algebra.Key{Name: "arch"})
	if len(parts) != 3 {
		t.Errorf("%d architectures, want 3", len(parts))
	}
}
