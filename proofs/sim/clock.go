package sim

import (
	"container/heap"
	"testing/synctest"
	"time"
)

// clock is the queue of all that is to happen, in the order of its time. The time is that of the
// bubble, so that the timers of operators go by it too.
type clock struct {
	began time.Time
	now   time.Duration
	queue queue
	n     int
	// posted is rung by whoever wants something while the queue sleeps.
	posted chan struct{}
}

type event struct {
	at time.Duration
	n  int
	do func()
}

type queue []event

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at < q[j].at || q[i].at == q[j].at && q[i].n < q[j].n }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(event)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

func newClock() *clock { return &clock{began: time.Now(), posted: make(chan struct{}, 1)} }

// after has something happen that much later.
func (c *clock) after(d time.Duration, do func()) {
	c.n++
	heap.Push(&c.queue, event{c.now + max(d, 0), c.n, do})
}

func (c *clock) time() time.Time { return c.began.Add(c.now) }

// sleep lets time pass until then, or until somebody posts. Who wakes at the same instant runs
// first.
func (c *clock) sleep(until time.Duration) {
	if wait := until - c.now; wait > 0 {
		timer := time.NewTimer(wait)
		select {
		case <-c.posted:
		case <-timer.C:
		}
		timer.Stop()
	}
	synctest.Wait()
	c.now = time.Since(c.began)
}

// next takes the next event that is due by now.
func (c *clock) next() (func(), bool) {
	if len(c.queue) == 0 || c.queue[0].at > c.now {
		return nil, false
	}
	return heap.Pop(&c.queue).(event).do, true
}

// due is when the next event is, or until.
func (c *clock) due(until time.Duration) time.Duration {
	if len(c.queue) == 0 {
		return until
	}
	return min(until, c.queue[0].at)
}
