package agenttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// Link is an agent.Link in memory: what is published is what the agent is offered, and what
// it reports is kept.
type Link struct {
	mu      sync.Mutex
	state   []byte
	specs   map[algebra.Digest]algebra.Deployment
	subs    []chan []byte
	reports []wire.Report
	cut     bool
}

var _ agent.Link = (*Link)(nil)

// Publish offers a desired state to all who listen, and to those who will.
func (l *Link) Publish(raw []byte, specs ...algebra.Deployment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = raw
	if l.specs == nil {
		l.specs = map[algebra.Digest]algebra.Deployment{}
	}
	for _, d := range specs {
		l.specs[d.Digest()] = d
	}
	for _, s := range l.subs {
		s <- raw
	}
}

// Cut ends all subscriptions and lets nothing through, until it is called with false.
func (l *Link) Cut(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
	if cut {
		for _, s := range l.subs {
			close(s)
		}
		l.subs = nil
	}
}

var errCut = errors.New("the link is cut")

// Desired delivers what was published last, and what will be.
func (l *Link) Desired(context.Context) (<-chan []byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return nil, errCut
	}
	s := make(chan []byte, 64)
	if l.state != nil {
		s <- l.state
	}
	l.subs = append(l.subs, s)
	return s, nil
}

// Spec gives a published deployment.
func (l *Link) Spec(_ context.Context, digest algebra.Digest) (algebra.Deployment, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, ok := l.specs[digest]
	switch {
	case l.cut:
		return d, errCut
	case !ok:
		return d, fmt.Errorf("deployment %s: not published", digest.Short())
	}
	return d, nil
}

// Serve asks nothing.
func (l *Link) Serve(ctx context.Context, _ func(context.Context, wire.Message) wire.Message) error {
	<-ctx.Done()
	return nil
}

// Report keeps a report.
func (l *Link) Report(_ context.Context, r wire.Report) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return errCut
	}
	l.reports = append(l.reports, r)
	return nil
}

// Reports are all that came so far.
func (l *Link) Reports() []wire.Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]wire.Report(nil), l.reports...)
}

// App waits until the newest report of an app is as it should be, and gives it.
func (l *Link) App(t *testing.T, app algebra.App, good func(wire.AppState) bool) wire.AppState {
	t.Helper()
	var last wire.AppState
	for begun := time.Now(); time.Since(begun) < 20*time.Second; time.Sleep(2 * time.Millisecond) {
		for _, m := range l.Reports() {
			if s, is := m.(wire.AppState); is && s.App == app {
				last = s
			}
		}
		if last.App == app && good(last) {
			return last
		}
	}
	t.Fatalf("after 20 s the last report of %s is %+v", app, last)
	return last
}
