// Package report writes what policies found in the formats of those who read it: people, CI
// systems, and programs.
//
//	text      people             junit, tap   test reporters
//	json      programs           sarif        code scanning: one rule id per rule
//	markdown  pull requests      github       annotations of a workflow's log
//	                             gitlab       the code quality report
//
// Formats that show a place show the line of the World that the change comes from; what is about
// the plan as a whole is shown at the policy. Results that differ in their device only are one
// there, since people mend lines, not devices.
//
// No text of a policy or of a World can break out of its format: each escapes what it must.
package report
