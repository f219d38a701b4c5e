package selectors_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/musterfleet/muster/proofs/bench"
	"github.com/musterfleet/muster/selectors"
)

// TestBenchParse measures how long a text takes to become a value, by its number of terms.
func TestBenchParse(t *testing.T) {
	bench.Start(t)
	rows := [][]string{{"terms", "parse", "bind", "print"}}
	for _, terms := range []int{4, 20, 100, 1000} {
		text := strings.TrimSuffix(strings.Repeat(`arch = aarch64 & label("ring") in ("0", "1") | mem >= 8GiB & !has(label("hold")) | `, terms/4), " | ")
		x, err := selectors.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		parse := bench.LeastOf(9, func() { _, _ = selectors.Parse(text) })
		bind := bench.LeastOf(9, func() { _, _ = selectors.Bind(x, selectors.Scope{}) })
		write := bench.LeastOf(9, func() { selectors.Print(x) })
		rows = append(rows, []string{strconv.Itoa(terms), bench.Short(parse), bench.Short(bind), bench.Short(write)})
		if terms == 20 && parse > 20*time.Microsecond {
			t.Errorf("20 terms are parsed in %s, want 20 µs", bench.Short(parse))
		}
	}
	bench.Record(t, bench.Section{
		Title: "Reading an expression",
		Text:  "Texts of comparisons, `in`, quantities and `has` joined by & and |. Target: 20 terms are parsed within 20 µs.",
		Rows:  rows,
	})
}
