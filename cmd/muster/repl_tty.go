//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package main

import "golang.org/x/term"

// keysWait reports whether a terminal has input that was not read yet, where that can be asked.
func keysWait(int) bool { return false }

// hush would have a terminal show nothing of what is typed while nobody reads.
func hush(int) error { return nil }

// giveBack would give a terminal back while the program is stopped.
func giveBack(int, *term.State) (end func()) { return func() {} }
