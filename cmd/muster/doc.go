// Command muster is the tool for people and CI: it asks about fleets, plans what takes them
// to a World, and has the plan judged.
//
//	muster query EXPR    which devices, or which claims, an expression denotes
//	muster explain EXPR  how many devices each part admits, or why it admits one
//	muster repl          the same, one question after the other
//	muster test          files that say what expressions are to denote
//	muster snapshot      a fleet in a file, which every verb here reads instead
//	muster plan          what would change, and what the policies say of it
//	muster gate          what policies say of a saved plan, in the formats of CI
//	muster validate      whether a World loads and its policies compile
//	muster fmt           World files in canonical form
//	muster import        a selector of another tool in this language
//	muster export        and the other way
//	muster version       what was built
//
// Each verb is a file. What they share:
//
//	main.go      arguments in, exit code out; errors and did-you-mean
//	console.go   the rules of what goes to which stream, and in colour
//	ground.go    what expressions stand on: a World and devices
//	source.go    where devices, and what is published to them, come from
//	world.go     a World from a directory
//
// Exit codes: 0 ok, 1 error, 2 changes, 3 denied, 4 stale, 5 conflict.
//
// The command holds no logic of its own: what an expression, a World, a plan or a denial
// is, the packages below say.
package main
