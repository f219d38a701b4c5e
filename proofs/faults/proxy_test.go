package faults_test

import (
	"net"
	"sync"
	"testing"
	"time"
)

// quality is how good a line is.
type quality uint8

const (
	good quality = iota
	// slow is 2G: half a KiB at a time, each 150 ms late, which is some 27 kbit/s each way.
	slow
	// cut loses all connections, and takes no new ones.
	cut
)

// proxy is a line to a server.
type proxy struct {
	at     net.Listener
	server string

	mu    sync.Mutex
	is    quality
	lines map[net.Conn]bool
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	at, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{at: at, server: server, lines: map[net.Conn]bool{}}
	ends = append(ends, func() { _ = at.Close(); p.set(cut) })
	go func() {
		for {
			c, err := at.Accept()
			if err != nil {
				return
			}
			go p.carry(c)
		}
	}()
	return p
}

func (p *proxy) set(q quality) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.is = q
	if q == cut {
		for c := range p.lines {
			_ = c.Close()
		}
	}
}

func (p *proxy) quality() quality {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.is
}

func (p *proxy) carry(c net.Conn) {
	defer c.Close()
	s, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer s.Close()
	p.mu.Lock()
	if p.is == cut {
		p.mu.Unlock()
		return
	}
	p.lines[c] = true
	p.mu.Unlock()
	go p.copy(s, c)
	p.copy(c, s)
	p.mu.Lock()
	delete(p.lines, c)
	p.mu.Unlock()
}

// copy carries one direction.
func (p *proxy) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	b := make([]byte, 512)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if p.quality() == slow {
			time.Sleep(150 * time.Millisecond)
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}
