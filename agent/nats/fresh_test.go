package nats_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/agent/agenttest"
	agentnats "github.com/musterfleet/muster/agent/nats"
	"github.com/musterfleet/muster/executor/hub"
	musternats "github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
)

// brief is a fleet whose tokens count for five seconds.
type brief struct {
	far
	mu  sync.Mutex
	end map[string]time.Time
}

const life = 5 * time.Second

func (b *brief) mint() (string, time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	text, until := fmt.Sprint("token-", len(b.end)), time.Now().Add(life)
	b.end[text] = until
	return text, until
}

func startBrief(t *testing.T) *brief {
	b := &brief{end: map[string]time.Time{}}
	var err error
	b.server, err = musternats.Start(musternats.ServerConfig{Dir: t.TempDir(), Authorize: func(_ context.Context, token string) (callout.Admission, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		until, ok := b.end[token]
		if !ok || time.Now().After(until) {
			return callout.Admission{}, fmt.Errorf("token %q does not count", token)
		}
		return callout.Admission{Role: identity.Device, Device: d1, Until: until}, nil
	}})
	must(t, err)
	b.nc, err = b.server.Connect()
	must(t, err)
	must(t, musternats.CreateBuckets(t.Context(), b.nc))
	b.js, err = jetstream.New(b.nc)
	must(t, err)
	b.hub, err = hub.Start(t.Context(), b.nc)
	must(t, err)
	t.Cleanup(b.stop)
	b.enrol(t)
	return b
}

// TestConnectionOutlivesItsTokens: while one five-second token after the other ends, each report
// arrives once, each published state arrives, and the server never has to end the connection.
func TestConnectionOutlivesItsTokens(t *testing.T) {
	t.Parallel()
	b := startBrief(t)
	var mu sync.Mutex
	heard := map[string]int{}
	var last time.Time
	var longest time.Duration
	_, err := b.nc.Subscribe("report.>", func(m *nats.Msg) {
		mu.Lock()
		defer mu.Unlock()
		heard[string(m.Data)]++
		if !last.IsZero() {
			longest = max(longest, time.Since(last))
		}
		last = time.Now()
	})
	must(t, err)
	must(t, b.nc.Flush())

	var shown atomic.Int32
	n := &notices{}
	l, err := agentnats.Connect(agentnats.Config{URL: b.server.URL(), Device: d1, Every: time.Hour, Notice: n.add,
		Token: func() (string, time.Time) { shown.Add(1); return b.mint() }})
	must(t, err)
	defer l.Close()
	states, err := l.Desired(t.Context())
	must(t, err)

	kv, err := b.js.KeyValue(t.Context(), wire.DesiredBucket)
	must(t, err)
	reports, published := 0, 0
	var slowest time.Duration
	for end := time.Now().Add(2 * life); time.Now().Before(end); {
		reports++
		must(t, l.Report(t.Context(), wire.Heartbeat{Device: d1, Sequence: uint64(reports)}))
		if reports%10 == 0 {
			published++
			want := string(agenttest.SignedFor(t, d1, uint64(published)))
			_, err := kv.Put(t.Context(), wire.Token(d1), []byte(want))
			must(t, err)
			for from := time.Now(); ; {
				select {
				case have := <-states:
					if string(have) != want {
						continue // an answer that was overtaken
					}
				case <-time.After(2 * time.Second):
					t.Fatalf("state %d did not arrive", published)
				}
				slowest = max(slowest, time.Since(from))
				break
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	l.Close()
	time.Sleep(100 * time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	for text, times := range heard {
		if times != 1 {
			t.Errorf("%s arrived %d times", text, times)
		}
	}
	if len(heard) != reports {
		t.Errorf("%d of %d reports arrived", len(heard), reports)
	}
	if admitted := b.server.Callout().Admitted; admitted < 3 || admitted > 6 {
		t.Errorf("%d connections in two lives of a token", admitted)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, text := range n.texts {
		if strings.Contains(text, "expired") || strings.Contains(text, "disconnected") {
			t.Errorf("the server ended the connection: %s", text)
		}
	}
	t.Logf("%d reports, %d states, %d connections; longest silence %s, slowest state %s", reports, published, b.server.Callout().Admitted, longest, slowest)
	if longest > time.Second || slowest > time.Second {
		t.Errorf("silent for %s, a state took %s", longest, slowest)
	}
}

// TestNoNewTokenKeepsTheConnection: an issuer that is away costs nothing before the token's end, and
// the link comes back once it is there again.
func TestNoNewTokenKeepsTheConnection(t *testing.T) {
	t.Parallel()
	b := startBrief(t)
	var away atomic.Bool
	n := &notices{}
	l, err := agentnats.Connect(agentnats.Config{URL: b.server.URL(), Device: d1, Every: time.Hour, Notice: n.add,
		Token: func() (string, time.Time) {
			if away.Load() {
				return "", time.Time{}
			}
			return b.mint()
		}})
	must(t, err)
	t.Cleanup(l.Close)
	sub, err := b.nc.SubscribeSync("report.>")
	must(t, err)
	must(t, b.nc.Flush())
	awaitReport := func(seq uint64) {
		t.Helper()
		for end := time.Now().Add(5 * time.Second); l.Report(t.Context(), wire.Heartbeat{Device: d1, Sequence: seq}) != nil; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("report %d has no connection", seq)
			}
		}
		_, err := sub.NextMsg(5 * time.Second)
		must(t, err)
	}
	awaitReport(1)
	away.Store(true)
	n.await(t, "no new token yet")
	awaitReport(2) // over the connection that is there
	n.await(t, "disconnected")
	away.Store(false)
	awaitReport(3)
}
