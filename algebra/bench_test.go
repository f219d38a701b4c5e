package algebra_test

import (
	"fmt"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
)

// hundredThousand is a roster of 10⁵ devices with four labels and two facts.
func hundredThousand(b *testing.B) *algebra.Roster {
	b.Helper()
	r, err := algebra.NewRosterFrom(func(yield func(algebra.Device) bool) {
		for i := range 100_000 {
			d := algebra.Device{ID: algebra.MustDeviceID(fmt.Sprintf("edge%06d", i)),
				Labels: map[string]string{"env": []string{"prod", "dev"}[i*7%2], "ring": fmt.Sprint(i * 31 % 10), "slots": fmt.Sprint(i * 17 % 64), "serial": fmt.Sprint("s", i)},
				Facts:  map[string]string{"arch": []string{"aarch64", "x86_64"}[i/3%2], "cpus": fmt.Sprint(i % 9)}}
			if !yield(d) {
				return
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func BenchmarkNewRoster(b *testing.B) {
	for b.Loop() {
		hundredThousand(b)
	}
}

func BenchmarkSelect(b *testing.B) {
	r := hundredThousand(b)
	s := algebratest.Vocabulary().MustBind(`arch = aarch64 & label("env") = "prod" & label("ring") in ("0", "1") & num(label("slots")) > 3 & !has(label("hold"))`)
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Select(s)
		}
	})
	b.Run("warm", func(b *testing.B) {
		x := r.Index()
		b.ReportAllocs()
		for b.Loop() {
			x.Select(s)
		}
	})
}

func BenchmarkDelta(b *testing.B) {
	r := hundredThousand(b)
	changed, arrived := r.Device(5000), r.Device(5000)
	changed.Labels["ring"] = "1"
	arrived.ID = algebra.MustDeviceID("edge005000a")
	for name, d := range map[string]algebra.Delta{"label": {Put: []algebra.Device{changed}}, "device": {Put: []algebra.Device{arrived}}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := r.With(d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFold(b *testing.B) {
	r := hundredThousand(b)
	v := algebratest.Vocabulary()
	for _, text := range []string{`all`, `all[label("ring") = "3"]`} {
		f := r.Select(v.MustBind(text))
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				f.Fold()
			}
		})
	}
}
