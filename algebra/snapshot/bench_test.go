package snapshot_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/algebra/snapshot"
)

// fleet is 10⁵ devices, each with its record and one slot.
func fleet(b *testing.B) algebra.Reality {
	b.Helper()
	roster, err := algebra.NewRosterFrom(func(yield func(algebra.Device) bool) {
		d := algebra.Device{Labels: map[string]string{}}
		for i := range 100_000 {
			d.ID = algebra.MustDeviceID(fmt.Sprintf("edge%06d", i))
			d.Labels["ring"], d.Labels["serial"] = fmt.Sprint(i*31%10), fmt.Sprint("s", i)
			if !yield(d) {
				return
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	r := algebra.NewReality(roster, algebratest.Now)
	placing, web := algebra.NewPlacing(roster), algebra.MustApp("web")
	rel := algebra.Release{Version: algebra.MustVersion("2.1.0"), Deployment: algebra.DigestOf(nil), Values: algebra.Values{}.Digest()}
	placing.PutAll(roster.All(), web, rel)
	r.Published = placing.Placement()
	for id := range roster.All().IDs() {
		r.Records[id] = algebra.Record{Registry: 7, Desired: 9, Lifecycle: algebra.Enrolled, Heard: algebratest.Now}
		r.Slots[algebra.Slot{Device: id, App: web}] = algebra.SlotState{Release: rel, Phase: algebra.Running, Since: algebratest.Now}
	}
	return r
}

func BenchmarkWrite(b *testing.B) {
	r := fleet(b)
	for b.Loop() {
		written(r)
	}
}

func BenchmarkRead(b *testing.B) {
	file := written(fleet(b))
	for b.Loop() {
		if _, err := snapshot.Read(bytes.NewReader(file)); err != nil {
			b.Fatal(err)
		}
	}
}
