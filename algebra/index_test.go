package algebra_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/selectors"
)

// indexLaw asks one index several questions, twice each, and compares every answer with
// Matches, device by device.
func indexLaw(warm func(*algebra.Roster) func(*selectors.Bound) algebra.Fleet, split *int) gopter.Prop {
	v := algebratest.CrowdVocabulary()
	return prop.ForAll(func(r *algebra.Roster, x, y selectors.Expr) bool {
		ask := warm(r)
		both := selectors.Binary{Op: selectors.And, L: x, R: selectors.Not{X: y}}
		for _, q := range []selectors.Expr{x, y, both, x, selectors.Binary{Op: selectors.Or, L: y, R: selectors.Binary{Op: selectors.Or, L: both, R: x}}, both} {
			b := v.Bind(q)
			f := ask(b)
			for i := range uint32(r.Len()) {
				if f.Contains(i) != b.Matches(r.Device(i)) {
					return false
				}
			}
			if !f.Equal(r.Select(b)) {
				return false
			}
			if !f.IsEmpty() && f.Len() < r.Len() {
				*split++
			}
		}
		return true
	}, algebratest.Crowds(), v.Selectors(), v.Selectors())
}

// TestIndexIsDeviceByDevice: a warm index finds what the selector matches, whatever was asked before.
func TestIndexIsDeviceByDevice(t *testing.T) {
	split := 0
	algebratest.Law(t, 300)(indexLaw(func(r *algebra.Roster) func(*selectors.Bound) algebra.Fleet { return r.Index().Select }, &split))
	if split < 300 {
		t.Errorf("an answer split the roster %d times in 300 cases", split)
	}
}

func TestIndexLawSeesWrongIndexes(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	check("answers are remembered by the beginning of the question", indexLaw(func(r *algebra.Roster) func(*selectors.Bound) algebra.Fleet {
		known := map[string]algebra.Fleet{}
		return func(b *selectors.Bound) algebra.Fleet {
			text := fmt.Sprintf("%.9s", selectors.Print(b.Expr()))
			if _, ok := known[text]; !ok {
				known[text] = r.Select(b)
			}
			return known[text]
		}
	}, &n))
	check("each answer is narrowed by the one before", indexLaw(func(r *algebra.Roster) func(*selectors.Bound) algebra.Fleet {
		last := r.All()
		return func(b *selectors.Bound) algebra.Fleet {
			last = last.Intersect(r.Select(b))
			return last
		}
	}, &n))
}

// TestIndexForgets: an index that has been asked more than it remembers still answers.
func TestIndexForgets(t *testing.T) {
	r := algebratest.MustRoster([]algebra.Device{{ID: algebra.MustDeviceID("a"), Labels: map[string]string{"n": "7"}}})
	v, x := algebratest.Vocabulary(), r.Index()
	for i := range 2000 {
		if x.Select(v.MustBind(fmt.Sprintf(`num(label("n")) = %d`, i%1000))).IsEmpty() != (i%1000 != 7) {
			t.Fatal(i)
		}
	}
}

// TestLargeRoster: what takes several goroutines, wide codes and long lists of values is
// decided like the rest. It is large enough for a second container of a bitmap.
func TestLargeRoster(t *testing.T) {
	const n = 70_000
	r, err := algebra.NewRosterFrom(func(yield func(algebra.Device) bool) {
		for i := n; i > 0; i-- {
			d := algebra.Device{ID: algebra.MustDeviceID(fmt.Sprintf("d%05d", i)), Facts: map[string]string{"cpus": fmt.Sprint(i % 600)},
				Labels: map[string]string{"serial": fmt.Sprint("s", i), "rack": fmt.Sprint(i / 40), "n": fmt.Sprint(i)}}
			if i%2 == 0 {
				d.Labels["even"] = ""
			}
			if !yield(d) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	v := algebratest.Vocabulary()
	for _, text := range []string{
		`cpus > 300`, `cpus > 597`, `cpus = 7`, `label("serial") = "s66000"`, `label("serial") != "s66000"`,
		`label("rack") in ("7", "8", "1700", "none")`, `num(label("n")) >= 69000 & has(label("even"))`, `num(label("rack")) < 1000`,
		`has(label("serial"))`, `!has(label("even")) & cpus <= 500`, `name = "d00017" | id in ("d69999", "gone")`, `name != "d00017"`,
	} {
		b := v.MustBind(text)
		f := r.Select(b)
		for i := range uint32(n) {
			if f.Contains(i) != b.Matches(r.Attributes(i)) {
				t.Fatalf("%s at %s: %t", text, r.ID(i), f.Contains(i))
			}
		}
		if f.IsEmpty() || f.Len() == n && !strings.HasPrefix(text, "has") {
			t.Errorf("%s admits %d", text, f.Len())
		}
	}
}

// rebuilt is a roster anew.
func rebuilt(devices map[algebra.DeviceID]algebra.Device) *algebra.Roster {
	var list []algebra.Device
	for _, d := range devices {
		list = append(list, d)
	}
	return algebratest.MustRoster(list)
}

// sameRoster compares all that a roster holds, its index included.
func sameRoster(a, b *algebra.Roster) bool {
	if !slices.Equal(algebratest.Names(a.All()), algebratest.Names(b.All())) || !slices.Equal(a.Keys(), b.Keys()) || a.All().Fold() != b.All().Fold() {
		return false
	}
	x, y := slices.Collect(a.Columns()), slices.Collect(b.Columns())
	for i := range x {
		if !slices.Equal(x[i].Values, y[i].Values) || !slices.Equal(x[i].Codes, y[i].Codes) {
			return false
		}
		here, without := a.All().Partition(x[i].Key)
		there, outside := b.All().Partition(x[i].Key)
		if !slices.EqualFunc(here, there, func(p, q algebra.Part) bool {
			return p.Value == q.Value && slices.Equal(algebratest.Names(p.Fleet), algebratest.Names(q.Fleet))
		}) || !slices.Equal(algebratest.Names(without), algebratest.Names(outside)) {
			return false
		}
	}
	return true
}

func deltaLaw(with func(*algebra.Roster, algebra.Delta) (*algebra.Roster, error), changed *int) gopter.Prop {
	return prop.ForAll(func(h algebratest.History) bool {
		devices := map[algebra.DeviceID]algebra.Device{}
		for _, d := range h.Devices {
			devices[d.ID] = d
		}
		r := rebuilt(devices)
		for _, delta := range h.Deltas {
			before := rebuilt(devices)
			for _, d := range delta.Put {
				devices[d.ID] = d
			}
			for _, id := range delta.Remove {
				delete(devices, id)
			}
			next, err := with(r, delta)
			if err != nil || !sameRoster(next, rebuilt(devices)) || !sameRoster(r, before) {
				return false
			}
			if !sameRoster(r, next) {
				*changed++
			}
			r = next
		}
		return true
	}, algebratest.Histories())
}

// TestDeltaIsARebuild: With gives the roster that NewRoster makes of the devices after the
// delta, index and all, and leaves the one before as it was.
func TestDeltaIsARebuild(t *testing.T) {
	changed := 0
	algebratest.Law(t, 300)(deltaLaw((*algebra.Roster).With, &changed))
	if changed < 300 {
		t.Errorf("%d deltas changed something in 300 cases", changed)
	}
}

func TestDeltaLawSeesWrongDeltas(t *testing.T) {
	n, check := 0, algebratest.Planted(t, planted)
	spoiled := func(spoil func(*algebra.Delta)) gopter.Prop {
		return deltaLaw(func(r *algebra.Roster, d algebra.Delta) (*algebra.Roster, error) {
			spoil(&d)
			return r.With(d)
		}, &n)
	}
	check("nothing is removed", spoiled(func(d *algebra.Delta) { d.Remove = nil }))
	check("one is forgotten", spoiled(func(d *algebra.Delta) { d.Put = d.Put[min(1, len(d.Put)):] }))
	check("facts are lost", spoiled(func(d *algebra.Delta) {
		d.Put = slices.Clone(d.Put)
		for i := range d.Put {
			d.Put[i].Facts = nil
		}
	}))
}

// TestDeltaAmongMany tries deltas where the words and containers of bitmaps meet, which crowds are
// too small for.
func TestDeltaAmongMany(t *testing.T) {
	const n = 70_000
	devices := map[algebra.DeviceID]algebra.Device{}
	put := func(i int, suffix, ring string) algebra.Device {
		id := algebra.MustDeviceID(fmt.Sprintf("d%06d%s", i, suffix))
		labels := map[string]string{"ring": ring, "site": fmt.Sprint("s", i/100), "serial": fmt.Sprint(i, suffix)}
		return algebra.Device{ID: id, Labels: labels, Facts: map[string]string{}}
	}
	for i := range n {
		d := put(i, "", fmt.Sprint(i*7919%10))
		devices[d.ID] = d
	}
	r := rebuilt(devices)
	for _, at := range [][]int{{0}, {65535}, {65536}, {n - 1}, {63, 64, 65535, 65536, n - 1}, {100, 101, 102, 103}} {
		var comes, goes, changes algebra.Delta
		for _, i := range at {
			comes.Put = append(comes.Put, put(i, "x", "3"))
			changes.Put = append(changes.Put, put(i, "", "new"))
			goes.Remove = append(goes.Remove, put(i, "", "").ID)
		}
		for _, delta := range []algebra.Delta{comes, changes, goes} {
			for _, d := range delta.Put {
				devices[d.ID] = d
			}
			for _, id := range delta.Remove {
				delete(devices, id)
			}
			next, err := r.With(delta)
			if err != nil {
				t.Fatal(err)
			}
			r = next
		}
		if !sameRoster(r, rebuilt(devices)) {
			t.Fatalf("after %v: not the roster built anew", at)
		}
	}
}

func TestDeltaRefuses(t *testing.T) {
	r := algebratest.MustRoster(nil)
	one := algebra.Device{ID: algebra.MustDeviceID("gw-1")}
	for want, d := range map[string]algebra.Delta{
		"roster: device gw-1 is given twice":          {Put: []algebra.Device{one, one}},
		"roster: device gw-1 is both put and removed": {Put: []algebra.Device{one}, Remove: []algebra.DeviceID{one.ID}},
		"roster: a device has no id":                  {Put: []algebra.Device{{}}},
	} {
		if _, err := r.With(d); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func columnsLaw(again func(*algebra.Roster) (*algebra.Roster, error)) gopter.Prop {
	return prop.ForAll(func(r *algebra.Roster) bool {
		got, err := again(r)
		return err == nil && sameRoster(r, got)
	}, algebratest.Crowds())
}

// TestColumnsTakeARosterApart: NewRosterOf puts ids and columns together again.
func TestColumnsTakeARosterApart(t *testing.T) {
	algebratest.Law(t, planted)(columnsLaw(func(r *algebra.Roster) (*algebra.Roster, error) {
		return algebra.NewRosterOf(r.All().IDs(), r.Columns())
	}))
}

func TestColumnsLawSeesALostColumn(t *testing.T) {
	algebratest.Planted(t, planted)("a column is lost", columnsLaw(func(r *algebra.Roster) (*algebra.Roster, error) {
		return algebra.NewRosterOf(r.All().IDs(), func(yield func(algebra.Column) bool) {
			for c := range r.Columns() {
				if c.Key.Name != "ring" && !yield(c) {
					return
				}
			}
		})
	}))
}
