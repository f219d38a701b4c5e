package algebra_test

import (
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/invented"
	"github.com/musterfleet/muster/proofs/bench"
	"github.com/musterfleet/muster/selectors"
)

// TestBenchDelta measures what a change costs against indexing all devices anew.
func TestBenchDelta(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"devices", "index all", "one label changes", "a hundred labels change", "an address changes", "a device comes"}}
	for _, n := range bench.Sizes(t, 700) {
		var r *algebra.Roster
		all := bench.Least(1, func() { r = inventedRoster(t, n) })
		one := algebra.Delta{Put: []algebra.Device{relabelledDevice(r, n/2)}}
		hundred := algebra.Delta{}
		for i := range 100 {
			hundred.Put = append(hundred.Put, relabelledDevice(r, i*(n/100)))
		}
		address := r.Device(uint32(n / 2))
		address.Facts["ip"] = "10.255.255.255"
		comes := algebra.Delta{Put: []algebra.Device{invented.Device(n)}}
		row := []string{bench.Power(n), bench.Short(all)}
		for _, d := range []algebra.Delta{one, hundred, {Put: []algebra.Device{address}}, comes} {
			took := bench.Least(5, func() {
				if _, err := r.With(d); err != nil {
					t.Fatal(err)
				}
			})
			row = append(row, bench.Short(took))
		}
		rows = append(rows, row)
	}
	bench.Record(t, bench.Section{
		Title: "A roster after a change",
		Text: "`Roster.With` gives a new roster and leaves the old one as it was. A changed label costs a copy of the codes of its column; an\n" +
			"address, of which each device has its own, a copy of its list too; a device that comes moves the others in every column. Nothing is\n" +
			"indexed anew. *Index all* includes inventing the devices.",
		Rows: rows,
	})
}

// inventedRoster is made anew each time: ten million devices are not kept for later.
func inventedRoster(t *testing.T, n int) *algebra.Roster {
	t.Helper()
	r, err := invented.Roster(n)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func relabelledDevice(r *algebra.Roster, i int) algebra.Device {
	d := r.Device(uint32(i))
	d.Labels["ring"] = "10"
	return d
}

// TestBenchAtoms measures the kinds of atoms one by one, none of them asked before.
func TestBenchAtoms(t *testing.T) {
	bench.Start(t)
	atoms := []string{
		`arch = aarch64`, `label("site") in ("store-0001", "store-0500", "store-1999")`, `label("site") glob "store-0?[0-4]*"`,
		`label("site") =~ "store-(00|1[0-9])[0-9]+"`, `num(label("slots")) > 3`, `os.version >= 22.04`, `mem >= 8GiB`, `ip in 10.3.0.0/16`,
		`name glob "s000[0-4]*-edge0?"`, `!has(label("hold"))`, `sample(5%, "rollout-42")`, `take(all, 1 by label("site"))`,
	}
	sizes := bench.Sizes(t, 700)
	rows := [][]string{{"atom"}}
	for _, atom := range atoms {
		rows = append(rows, []string{"`" + strings.ReplaceAll(atom, "|", `\|`) + "`"})
	}
	for _, n := range sizes {
		r := inventedRoster(t, n)
		rows[0] = append(rows[0], bench.Power(n))
		for i, atom := range atoms {
			x, err := selectors.Parse(atom)
			if err != nil {
				t.Fatal(err)
			}
			b, err := selectors.Bind(x, selectors.Scope{})
			if err != nil {
				t.Fatal(err)
			}
			rows[i+1] = append(rows[i+1], bench.Short(bench.Least(5, func() { r.Select(b) })))
		}
	}
	bench.Record(t, bench.Section{
		Title: "Atoms, the first time",
		Text:  "What each kind costs before an index has met it. An atom is decided once for each distinct value: 2,000 sites, one address a device.",
		Rows:  rows,
	})
}
