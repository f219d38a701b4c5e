package bench

import (
	"maps"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/invented"
	"github.com/musterfleet/muster/proofs/bench"
	"github.com/musterfleet/muster/selectors"
)

// The same five terms in both languages. Kubernetes knows labels only, so the scan finds arch
// among them.
const (
	ours   = `arch = aarch64 & label("env") = "prod" & label("ring") in ("0", "1", "2") & label("role") != "sensor" & !has(label("hold"))`
	theirs = `arch=aarch64,env=prod,ring in (0,1,2),role!=sensor,!hold`
)

// TestBenchSelect measures the selection of a fleet against the scan that Kubernetes does, and
// against what the bitmaps alone would cost.
func TestBenchSelect(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"devices", "warm index", "first time", "apimachinery scan", "scan / warm", "bare roaring", "warm / bare", "bytes a device"}}
	for _, n := range bench.Sizes(t, 700) {
		r, held := bench.Held(func() *algebra.Roster {
			r, err := invented.Roster(n)
			if err != nil {
				t.Fatal(err)
			}
			return r
		})
		bound := bind(t, ours)
		index := r.Index()
		bare := bareRoaring(t, r)
		scan, found := scanned(t, n)
		if have, alone := index.Select(bound).Len(), int(bare().GetCardinality()); have != found || have != alone {
			t.Fatalf("%d devices: muster selects %d, apimachinery %d, the bitmaps alone %d", n, have, found, alone)
		}
		var warm, raw time.Duration = 1 << 62, 1 << 62
		for range 7 { // by turns, so that a busy moment slows both
			warm = min(warm, bench.LeastOf(3, func() { index.Select(bound) }))
			raw = min(raw, bench.LeastOf(3, func() { bare() }))
		}
		cold := bench.Least(5, func() { r.Select(bound) })
		rows = append(rows, []string{bench.Power(n), bench.Short(warm), bench.Short(cold), bench.Short(scan), bench.Times(scan, warm),
			bench.Short(raw), bench.Times(warm, raw), fmtInt(held / uint64(n))})
		if scan < 200*warm {
			t.Errorf("%d devices: the scan takes %s as long, want 200×", n, bench.Times(scan, warm))
		}
		if 2*warm > 3*raw {
			t.Errorf("%d devices: bare bitmaps are %s faster, want at most 1.5×", n, bench.Times(warm, raw))
		}
	}
	bench.Record(t, bench.Section{
		Title: "A selector of five terms",
		Text: "`" + ours + "` against `labels.Selector.Matches` of apimachinery on each device's labels (`" + theirs + "`), and against AND, OR and ANDNOT of\n" +
			"roaring on the bitmaps of the same terms. All three find the same devices. *Warm* is an index that has met the terms before, *first time* one that has\n" +
			"not. Bytes are all that the roster keeps, its ids and 13 to 16 keys a device included. Targets: scan / warm ≥ 200, warm / bare ≤ 1.5.",
		Rows: rows,
	})
}

func bind(t *testing.T, text string) *selectors.Bound {
	t.Helper()
	x, err := selectors.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	b, err := selectors.Bind(x, selectors.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// bareRoaring is the selection as one would write it by hand on bitmaps made before.
func bareRoaring(t *testing.T, r *algebra.Roster) func() *roaring.Bitmap {
	t.Helper()
	of := func(text string) *roaring.Bitmap {
		b := roaring.New()
		for i := range r.Select(bind(t, text)).Ordinals() {
			b.Add(i)
		}
		b.RunOptimize()
		return b
	}
	arch, env := of(`arch = aarch64`), of(`label("env") = "prod"`)
	zero, one, two := of(`label("ring") = "0"`), of(`label("ring") = "1"`), of(`label("ring") = "2"`)
	sensor, hold := of(`label("role") = "sensor"`), of(`has(label("hold"))`)
	return func() *roaring.Bitmap {
		out := roaring.FastOr(zero, one, two)
		out.And(arch)
		out.And(env)
		out.AndNot(sensor)
		out.AndNot(hold)
		return out
	}
}

// scanAtOnce is how many label sets are kept at a time: those of 10⁷ devices would not fit.
const scanAtOnce = 1_000_000

// scanned is how long apimachinery takes to ask each device, and on how many the answer is yes.
// Making the label sets is not counted.
func scanned(t *testing.T, n int) (took time.Duration, found int) {
	t.Helper()
	s, err := labels.Parse(theirs)
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < n; from += scanAtOnce {
		sets := make([]labels.Set, min(scanAtOnce, n-from))
		for i := range sets {
			d := invented.Device(from + i)
			sets[i] = maps.Clone(d.Labels)
			sets[i]["arch"] = d.Facts["arch"]
		}
		matched := 0
		took += bench.Least(2, func() {
			matched = 0
			for _, set := range sets {
				if s.Matches(set) {
					matched++
				}
			}
		})
		found += matched
	}
	return took, found
}
