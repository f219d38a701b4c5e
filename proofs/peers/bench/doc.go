// Package bench measures muster beside its peers, in one process and on the same devices, so that
// a ratio does not depend on what else the machine does. `make bench` runs it and writes
// proofs/BENCH.md.
package bench
