package bench

import (
	"strings"
	"testing"
	"time"
)

func TestSectionsAreReplaced(t *testing.T) {
	section := func(title, cell string) string {
		return Section{Title: title, Text: "what", Rows: [][]string{{"a"}, {cell}}}.markdown("TestBenchX", time.Unix(0, 0), "a machine")
	}
	file := replaced("", "one", section("one", "1"))
	file = replaced(file, "two", section("two", "2"))
	file = replaced(file, "one", section("one", "3"))
	want := preface + section("one", "3") + section("two", "2")
	if file != want {
		t.Errorf("got\n%s\nwant\n%s", file, want)
	}
	if !strings.Contains(file, "| a |\n|---|\n| 3 |\n") || !strings.Contains(file, "make bench BENCH=TestBenchX`, 1970-01-01, a machine") {
		t.Errorf("a section reads\n%s", file)
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		Short(1500 * time.Microsecond): "1.50 ms", Short(90 * time.Nanosecond): "90 ns", Short(12 * time.Second): "12.0 s",
		Times(time.Second, 4*time.Millisecond): "250×", Power(1_000_000): "10⁶", Power(2_000): "2000",
	} {
		if got != want {
			t.Errorf("have %s, want %s", got, want)
		}
	}
}
