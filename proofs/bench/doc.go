// Package bench keeps proofs/BENCH.md. A benchmark that backs a promise is a test named
// TestBench…, in any package of the two modules, that starts with bench.Start and ends with
// bench.Record; `make bench` runs them one after the other, and each rewrites its own section.
//
//	func TestBenchSelect(t *testing.T) {
//		bench.Start(t)
//		took := bench.Least(5, func() { … })
//		bench.Record(t, bench.Section{Title: "…", Rows: [][]string{{"devices", "took"}, {"10⁵", took.String()}}})
//	}
//
// What is compared is measured in one process, one after the other and the least of several
// runs, so that a ratio does not depend on what else the machine does.
package bench
