//go:build unix

package bench

import (
	"syscall"
	"time"
)

// CPU is how long the processors worked for this process while f ran, garbage collection
// included. Unlike a clock it does not tell what else the machine did.
func CPU(f func()) time.Duration {
	began := used()
	f()
	return used() - began
}

func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("bench: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
