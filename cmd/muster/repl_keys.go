//go:build !unix

package main

// keysWait reports whether a terminal has input that was not read yet, where that can be asked.
func keysWait(int) bool { return false }
