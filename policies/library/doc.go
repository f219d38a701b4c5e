// Package library holds policies of the field, ready to be copied and made one's own: each in
// CEL and in Rego, with what it is for above it and its parameters in it, and with one table of
// tests for both.
//
//	cel/no-latest.yaml     a Policy document
//	rego/no-latest.yaml    the same policy in the other language
//	tests/no-latest.yaml   its PolicyTest
//
// Copied, not imported: a gate that changes because a tool was updated is no gate.
package library
