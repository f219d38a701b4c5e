// Package skew runs the version before against this one: muster and muster-agent built from a commit
// of this repository's history, as processes, beside those of the working tree.
//
//	older muster server ──▶ today's, on the same records ──▶ older again
//	older muster apply, plan, serve     and today's, each on what the other began
//	older muster-agent  ──update──▶ today's, on the same state directory ──▶ older again
//
// At each step a change goes out to three devices and has to arrive; executor/wire/doc.go says what
// is promised, and executor/wire/testdata holds each message of the version before. What one side does
// not know is put to the other: it has to say so, by name.
//
// `make soak` runs it. The binaries of the version before are kept in bin/skew.
package skew
