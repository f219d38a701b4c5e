// Package planner turns a World and a Reality into a Plan: the provably least list of
// actions that takes what is published to what is declared.
package planner
