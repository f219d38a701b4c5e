// Package line is a queue in which each has one place.
//
//	Put(d1, a)  Put(d2, b)  Put(d1, c)   -->   Next is c, then b
//
// Who asks or tells again before his turn comes keeps his place, and what he said before is dropped:
// under a flood the queue is bound by how many there are and not by how long it lasts, and nobody is
// served what he no longer waits for.
package line

import (
	"context"
	"sync"
)

// Line is a queue by keys. Any number may put, and any number take.
type Line[K comparable, V any] struct {
	mu     sync.Mutex
	order  []K // from head on those that wait, the first first
	head   int
	newest map[K]V
	wake   chan struct{}
}

// New is a line that nobody stands in.
func New[K comparable, V any]() *Line[K, V] {
	return &Line[K, V]{newest: map[K]V{}, wake: make(chan struct{}, 1)}
}

// Put has v wait for k's turn, and reports whether it took the place of one that waited.
func (l *Line[K, V]) Put(k K, v V) (overtakes bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, overtakes = l.newest[k]; !overtakes {
		l.order = append(l.order, k)
	}
	l.newest[k] = v
	l.ring()
	return overtakes
}

// Next takes the first, and waits for one where there is none. false: ctx ended meanwhile.
func (l *Line[K, V]) Next(ctx context.Context) (v V, ok bool) {
	for {
		if v, ok = l.take(); ok {
			return v, true
		}
		select {
		case <-l.wake:
		case <-ctx.Done():
			return v, false
		}
	}
}

// Len is how many wait.
func (l *Line[K, V]) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.newest)
}

func (l *Line[K, V]) take() (v V, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.head == len(l.order) {
		return v, false
	}
	k := l.order[l.head]
	v = l.newest[k]
	delete(l.newest, k)
	l.head++
	if 2*l.head >= len(l.order) { // as many are gone as wait: to move those costs one step each
		l.order = l.order[:copy(l.order, l.order[l.head:])]
		l.head = 0
	}
	if l.head < len(l.order) {
		l.ring() // for another who takes
	}
	return v, true
}

// ring wakes one of those who wait for somebody to come.
func (l *Line[K, V]) ring() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
