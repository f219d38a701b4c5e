package sim

import (
	"context"
	"slices"
	"time"

	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/wire"
)

// feed is what a connection of a process brings: each kind of records in its order, and no order
// between them.
type feed struct {
	to    chan executor.Change
	all   bool // desired states and the World too
	heard []news
	last  map[string]time.Duration
}

type news struct {
	at     time.Duration
	change executor.Change
}

// Watch brings what happens to devices, runs and quarantines from now on.
func (c *console) Watch(ctx context.Context) (<-chan executor.Change, error) {
	return c.watch(ctx, false)
}

// WatchAll brings all that happens.
func (c *console) WatchAll(ctx context.Context) (<-chan executor.Change, error) {
	return c.watch(ctx, true)
}

func (c *console) watch(ctx context.Context, all bool) (<-chan executor.Change, error) {
	f := &feed{to: make(chan executor.Change), all: all, last: map[string]time.Duration{}}
	_, err := c.asks(ctx, func(answer func(any, error)) {
		c.feeds = append(c.feeds, f)
		answer(nil, nil)
	})
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() {
		c.post(call{by: c, do: func(func(any, error)) { c.feeds = slices.DeleteFunc(c.feeds, func(x *feed) bool { return x == f }) }})
	})
	return f.to, nil
}

// desired are the kinds that Watch leaves out and WatchAll brings.
var desired = map[string]bool{wire.Signed{}.Kind(): true, wire.WorldRecord{}.Kind(): true}

// lose ends all connections of the process.
func (c *console) lose() {
	for _, f := range c.feeds {
		close(f.to)
	}
	c.feeds = nil
}

// listen tells the process the next of what is due, wherever it listens, and reports whether it did.
func (c *console) listen() bool {
	if c.dead.Load() || c.still > c.now {
		return false
	}
	for _, f := range c.feeds {
		if len(f.heard) == 0 || f.heard[0].at > c.now {
			continue
		}
		select {
		case f.to <- f.heard[0].change:
			f.heard = f.heard[1:]
			return true
		default: // it does something else
		}
	}
	if c.behind {
		select {
		case c.worlds <- c.loaded(c.life.worlds[len(c.life.worlds)-1]):
			c.behind = false
			return true
		default:
		}
	}
	return false
}

// hear has news be on their way to the process.
func (c *console) hear(ch executor.Change) {
	kind := ch.Message.Kind()
	for _, f := range c.feeds {
		if !f.all && desired[kind] {
			continue
		}
		at := c.now + c.chance.takes(20*time.Millisecond)
		if c.chance.hits(Delay, 40) {
			at += c.chance.long(Delay, 10*time.Second)
		}
		at = max(at, f.last[kind])
		f.last[kind] = at
		i, _ := slices.BinarySearchFunc(f.heard, at+1, func(n news, at time.Duration) int { return int(n.at - at) })
		f.heard = slices.Insert(f.heard, i, news{at, ch})
		c.after(at-c.now, func() {}) // the queue looks then whether it listens
	}
}
