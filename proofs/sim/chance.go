package sim

import (
	"math/rand/v2"
	"time"
)

// Fault is a kind of thing that goes wrong, or that people do meanwhile.
type Fault uint8

// The faults. Each has dice of its own: a life without one of them is else the same for as long
// as it can be.
const (
	Loss         Fault = iota // a message between device and hub never arrives
	Duplicate                 // or twice
	Delay                     // or late, behind others
	Partition                 // a device is cut off
	HubDown                   // nobody answers devices, and nobody takes their reports
	StaleAnswer               // the hub answers with what it knew before
	Forgery                   // a set comes that no operator signed for this device
	AgentCrash                // the agent ends, whatever it was at, and starts again
	ClockJump                 // the clock of a device or an operator is wrong from then on
	SlowDisk                  // to keep a set takes long
	FullDisk                  // or fails
	NoImage                   // an image cannot be had
	FailedStart               // a start or stop goes wrong
	Blindness                 // what runs cannot be seen
	Death                     // what runs ends, or somebody removes it
	Hold                      // somebody at the device holds it
	Veto                      // or, asked, says no
	OperatorKill              // an operator's process ends anywhere, its writes late or lost
	OperatorSlow              // or stands still for a while and then goes on
	LostAck                   // a write happens and nobody learns it
	LostWrite                 // or does not happen and nobody learns that
	LostFeed                  // an operator's connection is lost
	Relabel                   // somebody changes a label in the registry
	NewWorld                  // somebody changes the World
	Orders                    // somebody pauses, resumes, approves, undoes, cancels or retries
	Halt                      // somebody halts all publishing for a while
	Join                      // a device is enrolled
	faults
)

var faultNames = [...]string{"loss", "duplicate", "delay", "partition", "hub-down", "stale-answer", "forgery", "agent-crash",
	"clock-jump", "slow-disk", "full-disk", "no-image", "failed-start", "blindness", "death", "hold", "veto", "operator-kill", "operator-slow",
	"lost-ack", "lost-write", "lost-feed", "relabel", "new-world", "orders", "halt", "join"}

// String is the fault's name.
func (f Fault) String() string { return faultNames[f] }

// Faults are all of them.
func Faults() []Fault {
	all := make([]Fault, faults)
	for i := range all {
		all[i] = Fault(i)
	}
	return all
}

// chance decides what is random in a life.
type chance struct {
	dice [faults]*rand.Rand
	rate [faults]float64
	life *rand.Rand // what is no fault: how long things take, and what the fleet is
	// quiet says that nothing goes wrong any more.
	quiet bool
	count [faults]int
}

// newChance gives each fault a rate for this life, and to many of them none: what goes wrong
// rarely together with all else is found where little else happens.
func newChance(seed uint64, without map[Fault]bool) *chance {
	c := &chance{life: rand.New(rand.NewPCG(seed, 0))}
	for f := range faults {
		c.dice[f] = rand.New(rand.NewPCG(seed, uint64(f)+1))
		c.rate[f] = []float64{0, 0, 0.3, 1, 3}[c.dice[f].IntN(5)]
		if without[f] {
			c.rate[f] = 0
		}
	}
	return c
}

// hits reports whether a fault happens that happens once in so many times.
func (c *chance) hits(f Fault, once int) bool {
	if c.quiet || c.dice[f].Float64()*float64(once) >= c.rate[f] {
		return false
	}
	c.count[f]++
	return true
}

// of is a number below n for a fault.
func (c *chance) of(f Fault, n int) int { return c.dice[f].IntN(n) }

// long is a time for a fault, mostly short and now and then up to the longest.
func (c *chance) long(f Fault, longest time.Duration) time.Duration {
	x := c.dice[f].Float64()
	return time.Duration(x * x * x * float64(longest))
}

// takes is how long something takes, between half of d and one and a half.
func (c *chance) takes(d time.Duration) time.Duration {
	return d/2 + time.Duration(c.life.Int64N(int64(d)+1))
}
