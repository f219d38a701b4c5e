package line_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/musterfleet/muster/internal/line"
)

// TestWhoComesAgainKeepsHisPlace: each is served once, in the order in which they came, with what he
// said last.
func TestWhoComesAgainKeepsHisPlace(t *testing.T) {
	l := line.New[int, string]()
	overtaken := 0
	for n := range 1000 {
		if l.Put(n%3, fmt.Sprint(n%3, " ", n)) {
			overtaken++
		}
	}
	var have []string
	for range 2 {
		have = append(have, next(t, l))
	}
	l.Put(0, "0 again") // he was served: he stands behind
	l.Put(2, "2 again") // he was not
	for range 2 {
		have = append(have, next(t, l))
	}
	if want := []string{"0 999", "1 997", "2 again", "0 again"}; !slices.Equal(have, want) || overtaken != 997 || l.Len() != 0 {
		t.Errorf("%q, want %q; %d were overtaken, %d wait", have, want, overtaken, l.Len())
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if v, ok := l.Next(ended); ok {
		t.Errorf("%q came of an empty line", v)
	}
}

func next(t *testing.T, l *line.Line[int, string]) string {
	v, ok := l.Next(t.Context())
	if !ok {
		t.Fatal("nobody comes")
	}
	return v
}

// TestManyTake: nobody is lost or served twice, whoever takes, and none sleeps while somebody waits.
func TestManyTake(t *testing.T) {
	const each, puts, takes = 5000, 4, 8
	l := line.New[int, int]()
	var served [puts * each]atomic.Int32
	var taking, putting sync.WaitGroup
	left := atomic.Int32{}
	left.Store(puts * each)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for range takes {
		taking.Go(func() {
			for {
				v, ok := l.Next(ctx)
				if !ok {
					return
				}
				served[v].Add(1)
				if left.Add(-1) == 0 {
					stop()
				}
			}
		})
	}
	for p := range puts {
		putting.Go(func() {
			for i := range each {
				l.Put(p*each+i, p*each+i)
			}
		})
	}
	putting.Wait()
	taking.Wait()
	for i := range served {
		if n := served[i].Load(); n != 1 {
			t.Fatalf("%d was served %d times", i, n)
		}
	}
}
