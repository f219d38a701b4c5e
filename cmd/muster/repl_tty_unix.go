//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// keysWait reports whether a terminal has input that was not read yet.
func keysWait(fd int) bool {
	ready, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	return err == nil && ready > 0
}

// hush has a terminal keep what is typed while nobody reads, key by key, and show none of it: the
// editor shows it once it reads it. The keys that interrupt, stop and quit still do, and what waits
// when one of them comes is dropped, as everywhere.
func hush(fd int) error {
	t, err := unix.IoctlGetTermios(fd, getModes)
	if err != nil {
		return err
	}
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.IEXTEN
	t.Iflag &^= unix.ICRNL | unix.INLCR | unix.IGNCR // Enter stays Enter
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, setModes, t)
}

// giveBack has a terminal be as before while the program is stopped, and when it is told to dump and
// quit; who goes on finds it as it was then.
func giveBack(fd int, before *term.State) (end func()) {
	signals, ended := make(chan os.Signal, 4), make(chan struct{})
	signal.Notify(signals, syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGQUIT)
	go func() {
		var was *term.State
		for {
			select {
			case s := <-signals:
				switch {
				case s == syscall.SIGTSTP && stoppable():
					was, _ = term.GetState(fd) // of a terminal that is gone nothing need be kept
					_ = term.Restore(fd, before)
					_ = unix.Kill(unix.Getpid(), unix.SIGSTOP)
				case s == syscall.SIGCONT && was != nil:
					_ = term.Restore(fd, was)
					was = nil
				case s == syscall.SIGQUIT:
					_ = term.Restore(fd, before)
					signal.Reset(s)
					_ = unix.Kill(unix.Getpid(), unix.SIGQUIT)
				}
			case <-ended:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		signal.Stop(signals)
		close(ended)
	})
}

// stoppable reports whether there is a shell to have the program go on again. Where the program leads
// its session, or shares its leader's group, there is none, and the system ignores a stop there too.
func stoppable() bool {
	session, err := unix.Getsid(0)
	return err == nil && unix.Getpgrp() != session
}
