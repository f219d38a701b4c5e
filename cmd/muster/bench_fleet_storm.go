package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"time"

	natsgo "github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/executor/wire"
)

// stormEnds is how long a fleet may take to come back.
const stormEnds = 5 * time.Minute

// storm kills the broker, brings it back, and waits until every device has asked what it is to run
// and the hub has answered all that was asked.
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
	// Nobody asks while there is no broker. From here on none that asks may be missed: who was answered
	// does not ask again. On the hub's connection, as on another one what the hub answers sooner would not
	// be seen.
	back := roll{subjects: map[string]bool{}}
	sub, err := b.own.Subscribe(wire.AllRequests, back.add)
	if err == nil {
		err = sub.SetPendingLimits(-1, -1)
	}
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	before := b.hub.Counts()
	began, told := time.Now(), time.Now()
	if b.broker, _, err = again.start(); err != nil {
		return err
	}
	for {
		asked, counts := back.len(), b.hub.Counts()
		if asked == b.devices && counts.Waiting == 0 && counts.Answered >= before.Answered+uint64(b.devices) {
			b.result.Storm = time.Since(began).Seconds()
			return nil
		}
		if time.Since(began) > stormEnds {
			return fmt.Errorf("after %s %d of %d devices had asked; %s", stormEnds, asked, b.devices, hubText(counts, before))
		}
		if time.Since(told) > toldEvery {
			told = time.Now()
			fmt.Fprintf(b.console.errw, "  after %s %d asked again; %s\n", time.Since(began).Round(time.Second), asked, hubText(counts, before))
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
	mu       sync.Mutex
	subjects map[string]bool
}

func (r *roll) add(m *natsgo.Msg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.subjects[m.Subject] = true
}

func (r *roll) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.subjects)
}
