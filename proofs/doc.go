// Package proofs holds what no single package can state about itself: the direction of
// imports, the purity of the core, what the agent links, the shape of files, and the list of laws.
//
//	layers_test.go    who may import whom          a table; the longest path prefix wins
//	purity_test.go    algebra, selectors, planner  no disk, network, clock, chance or locks
//	deps_test.go      what muster-agent links      compared with deps/muster-agent.txt
//	shape_test.go     package comments, file sizes
//	lawtable_test.go  LAWS.md                      every test it names exists
//	theorems_test.go  THEOREMS.md and coq          every theorem bound to a law, none on trust
//	mutants_test.go   mutant_table_test.go         bugs planted in the code, and the laws that kill them
//
// Each rule is a pure function from facts to violations. The test that applies it to this
// repository stands beside one that plants a violation and sees it caught.
//
// The package has no code to import, and it tests no behaviour: that is done beside the code.
package proofs
