package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// stormEnds is how long a fleet may take to come back.
const stormEnds = 5 * time.Minute

// storm kills the broker, brings it back, and waits until every device has asked what it is to run
// and was answered.
func (b *fleetBench) storm(ctx context.Context) error {
	at, err := url.Parse(b.part.URL)
	if err != nil {
		return err
	}
	again := b.part
	again.URL, again.Dir = "", b.dir
	if again.Port, err = strconv.Atoi(at.Port()); err != nil {
		return err
	}
	if err := b.broker.kill(); err != nil {
		return err
	}
	// The hub itself tells whom it answered: of what reaches it, another subscription misses some while
	// both come back, and who was answered does not ask again.
	back := roll{devices: map[algebra.DeviceID]bool{}}
	b.hub.OnState(back.add)
	before := b.hub.Counts()
	began, told := time.Now(), time.Now()
	if b.broker, _, err = again.start(); err != nil {
		return err
	}
	for {
		answered, counts := back.len(), b.hub.Counts()
		if answered == b.devices {
			b.result.Storm = time.Since(began).Seconds()
			return nil
		}
		if time.Since(began) > stormEnds {
			return fmt.Errorf("after %s %d of %d devices had their answer; %s", stormEnds, answered, b.devices, hubText(counts, before))
		}
		if time.Since(told) > toldEvery {
			told = time.Now()
			fmt.Fprintf(b.console.errw, "  after %s %d have their answer; %s\n", time.Since(began).Round(time.Second), answered, hubText(counts, before))
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// roll is who has come back.
type roll struct {
	mu      sync.Mutex
	devices map[algebra.DeviceID]bool
}

func (r *roll) add(id algebra.DeviceID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.devices[id] = true
}

func (r *roll) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.devices)
}
