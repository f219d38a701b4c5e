package bench

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Start skips a benchmark unless it was asked for: it takes too long for a test.
func Start(t *testing.T) {
	t.Helper()
	if os.Getenv("MUSTER_BENCH") == "" {
		t.Skip("a benchmark; make bench runs it")
	}
}

// Sizes are the numbers of devices to measure at, from MUSTER_BENCH_DEVICES: 10⁵, 10⁶ and 10⁷ if
// that is not set. A size for which bytes a device do not fit into the free memory is left
// out, and the log says so.
func Sizes(t *testing.T, bytesPerDevice uint64) []int {
	t.Helper()
	text := os.Getenv("MUSTER_BENCH_DEVICES")
	if text == "" {
		text = "100000,1000000,10000000"
	}
	var sizes []int
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			t.Fatalf("MUSTER_BENCH_DEVICES=%s: want numbers with commas between them", text)
		}
		if free := available(); free > 0 && uint64(n)*bytesPerDevice > free {
			t.Logf("left out %d devices: they need %d MiB, and %d MiB are free", n, uint64(n)*bytesPerDevice>>20, free>>20)
			continue
		}
		sizes = append(sizes, n)
	}
	return sizes
}

// available is the memory that can be had without swapping, in bytes; 0 if that is not known.
func available() uint64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			n, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return n << 10
		}
	}
	return 0
}

// Least is the shortest time f took in a number of runs.
func Least(runs int, f func()) time.Duration {
	least := time.Duration(1<<63 - 1)
	for range runs {
		began := time.Now()
		f()
		least = min(least, time.Since(began))
	}
	return least
}

// LeastOf is Least for what is too short for the clock: each run calls f as often as fills
// some milliseconds, and the result is for one call.
func LeastOf(runs int, f func()) time.Duration {
	f()
	times := max(1, int(5*time.Millisecond/max(time.Microsecond, Least(1, f))))
	return Least(runs, func() {
		for range times {
			f()
		}
	}) / time.Duration(times)
}

// Held is how many bytes of memory what make returns keeps alive, and the value itself.
func Held[T any](make func() T) (T, uint64) {
	before := heap()
	v := make()
	after := heap()
	runtime.KeepAlive(v)
	return v, after - min(before, after)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Short is a time with three digits.
func Short(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
		if d >= u.unit {
			return three(float64(d)/float64(u.unit)) + " " + u.name
		}
	}
	return fmt.Sprintf("%d ns", d.Nanoseconds())
}

// Times is how many times longer a takes than b: 212×.
func Times(a, b time.Duration) string { return three(float64(a)/float64(b)) + "×" }

func three(f float64) string {
	switch {
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

// Power is 10⁶ for a million, and the number itself where it is no power of ten.
func Power(n int) string {
	digits := strconv.Itoa(n)
	if strings.Trim(digits[1:], "0") != "" || digits[0] != '1' {
		return digits
	}
	raised := []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	return "10" + string(raised[len(digits)-1])
}
