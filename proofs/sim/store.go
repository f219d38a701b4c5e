package sim

import (
	"context"
	"errors"
	"testing/synctest"
	"time"

	"github.com/musterfleet/muster/executor"
)

// errUnsure is an acknowledgement that did not come.
var errUnsure = errors.New("no acknowledgement")

// ackWithin is how long a process waits for one.
const ackWithin = 10 * time.Second

func (l *life) read() executor.Records {
	r, err := l.fleet.Read(context.Background())
	if err != nil || len(r.Problems) > 0 {
		panic("sim: the store cannot be read")
	}
	return r
}

// sends has writes reach the store, each in its time, and answers when it is known of all, or of
// some never will be, what became of them. A process may be killed over it.
func (c *console) sends(writes []executor.Write, answer func(any, error)) {
	killed := c.chance.hits(OperatorKill, 150)
	if !killed && len(writes) > 0 && publishes(writes[0]) {
		killed = c.chance.hits(OperatorKill, 15)
	}
	results := make([]executor.Result, len(writes))
	left := len(writes)
	settle := func() {
		if left--; left == 0 {
			c.later(c.chance.takes(5*time.Millisecond), func() { answer(results, nil) })
		}
	}
	if left == 0 {
		left = 1
		settle()
	}
	for i, w := range writes {
		takes := c.chance.takes(10 * time.Millisecond)
		lost := killed && c.chance.of(OperatorKill, 3) == 0
		if killed {
			takes += c.chance.long(OperatorKill, 50*time.Second)
		}
		if c.chance.hits(LostWrite, 60) {
			lost = true
		}
		acknowledged := !lost && !c.chance.hits(LostAck, 60)
		if !acknowledged && !lost && c.chance.of(LostAck, 2) == 0 {
			takes += c.chance.long(LostAck, 50*time.Second) // it arrives when nobody reckons with it
		}
		if !lost {
			c.after(takes, func() {
				r := c.arrives(w)
				if acknowledged {
					results[i] = r
					settle()
				}
			})
		}
		if !acknowledged {
			c.later(ackWithin, func() {
				results[i].Err = errUnsure
				settle()
			})
		}
	}
	if killed {
		c.kill("over a write")
	}
}

func publishes(w executor.Write) bool {
	_, is := w.(executor.SetDesired)
	return is
}

// arrives is the moment at which a write happens, or is refused.
func (c *console) arrives(w executor.Write) executor.Result {
	if publishes(w) && c.halted && c.bug != DeafToHalt {
		c.met["halted"]++
		return executor.Result{Err: executor.ErrHalted}
	}
	w = c.bug.write(c, w)
	c.version++
	results, err := c.fleet.Write(context.Background(), []executor.Write{w})
	if err != nil {
		panic("sim: " + err.Error())
	}
	if results[0].Err == nil {
		c.wrote(w)
	} else if publishes(w) {
		c.met["fenced"]++
		c.say("%s: a desired state is refused: %v", c.name, results[0].Err)
	}
	c.spread()
	return results[0]
}

// spread passes on to all who watch what has changed in the store.
func (l *life) spread() {
	for {
		synctest.Wait()
		select {
		case change := <-l.changes:
			l.version++
			for _, c := range l.consoles {
				if !c.dead.Load() {
					c.hear(change)
				}
			}
			continue
		default:
		}
		return
	}
}
