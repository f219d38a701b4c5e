package main

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"os"
	"time"
)

// promptWithin is how long the prompt waits for the sources. What takes longer is read while
// its user types the first entry.
const promptWithin = 10 * time.Millisecond

// longFile is the size of a file that is not read within promptWithin.
const longFile = 1 << 20

// long reports whether waiting for the source is in vain.
func (s *source) long() bool {
	info, err := os.Stat(cmp.Or(s.file, s.roster))
	return err == nil && info.Size() > longFile
}

// loading is a ground on its way.
type loading struct {
	done   chan struct{}
	ground ground
	err    error
	told   bytes.Buffer // notes and warnings of reading it
}

// load begins to read the sources.
func load(ctx context.Context, from *source, world string) *loading {
	l := &loading{done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.ground, l.err = from.quietly(&l.told).ground(ctx, world)
	}()
	return l
}

// loaded is a ground that is there.
func loaded(g ground) *loading {
	l := &loading{done: make(chan struct{}), ground: g}
	close(l.done)
	return l
}

func (l *loading) within(d time.Duration) {
	select {
	case <-l.done:
	case <-time.After(d):
	}
}

func (l *loading) isDone() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// arrive stands the session on its ground when that is there, or waits for it. What is to be
// told of the reading is kept for told.
func (s *session) arrive(wait bool) error {
	l := s.coming
	if l == nil || !wait && !l.isDone() {
		return nil
	}
	<-l.done
	if l.err != nil {
		return l.err
	}
	s.coming = nil
	s.stand(l.ground)
	c := console{errw: &l.told, plain: s.console.plain}
	c.noteNoDevices(l.ground.roster)
	s.untold = l.told.String()
	return nil
}

// told is what is to be told of the reading, once.
func (s *session) told() string {
	text := s.untold
	s.untold = ""
	return text
}

// here reports whether there is a ground to look things up on, without waiting for it.
func (s *session) here() bool { return s.coming == nil }

// quietly is the source with its notes going elsewhere.
func (s *source) quietly(errw io.Writer) *source {
	quiet := *s
	quiet.console = &console{errw: errw, plain: s.console.plain}
	return &quiet
}
