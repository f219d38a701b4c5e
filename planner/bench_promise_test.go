package planner_test

import (
	"fmt"
	"iter"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/proofs/bench"
)

// placed is a fleet of n devices with ten apps each, and the placement in which one device of a
// hundred has other versions of all.
func placed(n int) (want, have algebra.Placement) {
	var ids iter.Seq[algebra.DeviceID] = func(yield func(algebra.DeviceID) bool) {
		for i := range n {
			if !yield(algebra.MustDeviceID(fmt.Sprintf("edge%08d.lab.example.org", i))) {
				return
			}
		}
	}
	roster, err := algebra.NewRosterOf(ids, func(func(algebra.Column) bool) {})
	if err != nil {
		panic(err)
	}
	b := algebra.NewPlacing(roster)
	var next [10]algebra.Release
	for i := range next {
		app := fmt.Sprintf("app%d", i)
		for _, version := range []string{"1", "2"} {
			d := algebratest.MustDeployment(app, version, algebra.Container{Name: app, Image: app + ":" + version})
			next[i] = algebra.Release{Version: d.Version(), Deployment: d.Digest(), Values: algebra.Values{}.Digest()}
			if version == "1" {
				b.PutAll(roster.All(), d.App(), next[i])
			}
		}
	}
	have = b.Placement()
	edit := have.Placing()
	for i := 7; i < n; i += 100 {
		for a, rel := range next {
			edit.Put(uint32(i), algebra.MustApp(fmt.Sprintf("app%d", a)), rel)
		}
	}
	return edit.Placement(), have
}

func held() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestBenchDiff holds the full difference against a copy of the same columns.
func TestBenchDiff(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"devices", "slots", "actions", "Diff", "copy of both placements", "Diff / copy", "bytes a slot and placement"}}
	for _, n := range bench.Sizes(t, 400) {
		before := held()
		want, have := placed(n)
		roster := held()
		more := have.Placing().Placement()
		perSlot := float64(held()-roster) / float64(10*n)
		runtime.KeepAlive(more)
		from, to := make([]uint32, 20*n), make([]uint32, 20*n)
		for i := range from {
			from[i], to[i] = uint32(i), 1 // memory that was never written is no memory
		}
		copied := bench.Least(9, func() { copy(to, from) })
		actions := 0
		took := bench.Least(9, func() { actions = len(planner.Diff(want, have)) })
		if actions != n/100*10 {
			t.Fatalf("%d actions", actions)
		}
		t.Logf("%d MiB for roster and placements", (roster-before)>>20)
		rows = append(rows, []string{bench.Power(n), bench.Power(10 * n), fmt.Sprint(actions), bench.Short(took), bench.Short(copied),
			bench.Times(took, copied), fmt.Sprintf("%.1f", perSlot)})
	}
	bench.Record(t, bench.Section{Title: "The difference of two placements", Rows: rows,
		Text: "`planner.Diff` of two placements of ten apps on each device, of which one device in a hundred differs in all ten, against a copy of the\n" +
			"columns of both: four bytes a slot each. It makes the whole list of actions. Target: Diff / copy ≤ 20."})
}

// TestBenchLive holds planning anew after one delta against planning all.
func TestBenchLive(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"devices", "slots", "Make", "a heartbeat", "a label no rule reads", "a label that changes a rule's verdict", "a report of a slot", "a rule for 100 devices", "bytes a slot of Reality", "of Live"}}
	for _, n := range append([]int{1e4}, bench.Sizes(t, 9*1000)...) {
		s := large(n)
		before := held()
		r := running(s)
		observed := held()
		whole := bench.Least(3, func() { planner.Make(s.World, r) })
		between := held()
		live := planner.NewLive(s.World, r)
		perSlot := func(bytes uint64) string { return fmt.Sprint(bytes / uint64(len(s.Published))) }
		reality, following := perSlot(observed-before), perSlot(held()-between)
		id := s.Devices[0].ID
		i := 0
		label := func(key string) func() {
			return func() { i++; live.Apply(planner.SetLabel{Device: id, Key: key, Value: fmt.Sprint(i % 2)}) }
		}
		slot := algebra.Slot{Device: id, App: algebra.MustApp("app0")}
		state := r.Slots[slot]
		report := func() {
			i++
			state.Restarts = i
			live.Apply(planner.Said{At: slot, State: state})
		}
		other := s.World
		other.Assignments = append(slices.Clone(s.World.Assignments), hundred(s))
		worlds := []algebra.World{other, s.World}
		rule := func() {
			i++
			if news := live.Apply(planner.Declared{World: worlds[i%2]}); len(news) != 100 {
				t.Fatalf("%d devices", len(news))
			}
		}
		if i%2 == 1 {
			i++ // the first World to declare is the other one
		}
		cells := []string{bench.Power(n), fmt.Sprint(len(s.Published)), bench.Short(whole),
			bench.Short(bench.Least(50, func() { live.Apply(planner.Heard{Device: id, At: time.Now()}) })),
			bench.Short(bench.Least(50, label("owner"))), bench.Short(bench.Least(50, label("ring"))), bench.Short(bench.Least(50, report))}
		i = 1
		cells = append(cells, bench.Short(bench.Least(6, rule)), reality, following)
		rows = append(rows, cells)
	}
	bench.Record(t, bench.Section{Title: "Planning anew after one change", Rows: rows,
		Text: "`planner.Live` after one delta, against `planner.Make` of everything; ten apps a device, a hundredth of the devices has changes waiting.\n" +
			"What a change costs follows the devices it concerns; another World costs a set operation for the rule that differs, and the first one\n" +
			"after a device changed a copy of its columns. Target: cost follows the change, not the fleet."})
}

// hundred is a rule that gives a hundred devices an app of their own.
func hundred(s algebratest.Situation) algebra.Definition {
	v := algebratest.Vocabulary()
	v.Versions = map[string][]string{"app0": {"1", "2"}}
	return algebra.Definition{Name: "hundred", Expr: v.MustBind(fmt.Sprintf(`{edge[%07d-%07d].lab.example.org} -> {app0@2} at 30`, 1000, 1099))}
}
