// Package policies holds muster's Rego against the stock tools, conftest and opa, which are built
// from their modules:
//
//	corpus/*.rego   each rule finds the same in all three, on plans muster writes
//	traps_test.go   what passes in silence there is refused or denied here
//
// `make peers` runs it. The first build of the stock tools takes minutes.
package policies
