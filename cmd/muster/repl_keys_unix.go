//go:build unix

package main

import "golang.org/x/sys/unix"

// keysWait reports whether a terminal has input that was not read yet.
func keysWait(fd int) bool {
	ready, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	return err == nil && ready > 0
}
