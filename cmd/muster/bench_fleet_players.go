package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	natsgo "github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/invented"
	"github.com/musterfleet/muster/executor/wire"
)

// perSocket is how many devices share a connection.
const perSocket = 2500

// inLine is how long a connection of a bench waits to be let in, with a whole fleet before it.
const inLine = 12 * time.Second

// players play devices that share connections, as no machine has the sockets for all of them. Each
// keeps to what a device says on the wire: it asks, follows its own subject, verifies, reports
// that it runs, and beats; there is no agent behind it.
func (p fleetPart) players(ctx context.Context, out io.Writer) error {
	for from := p.From; from < p.To; from += perSocket {
		s := &socket{keys: wire.NewKeyring(p.Trust), devices: map[string]*player{}}
		for n := from; n < min(from+perSocket, p.To); n++ {
			d := invented.Device(n)
			s.devices[wire.Token(d.ID)] = &player{id: d.ID, facts: d.Facts, runs: map[algebra.App]algebra.Release{}}
		}
		if err := s.open(ctx, p); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, p.To-p.From)
	<-ctx.Done()
	return nil
}

// socket is one connection and its devices, by token.
type socket struct {
	nc      *natsgo.Conn
	keys    wire.Keyring
	devices map[string]*player
	inbox   string
	again   chan struct{} // the connection is a new one
}

type player struct {
	id         algebra.DeviceID
	facts      map[string]string
	generation uint64
	waits      bool // for an answer
	runs       map[algebra.App]algebra.Release
}

func (s *socket) open(ctx context.Context, p fleetPart) error {
	s.again = make(chan struct{}, 1)
	s.inbox = natsgo.NewInbox()
	var err error
	s.nc, err = natsgo.Connect(p.URL, natsgo.Token(p.token("")), natsgo.Timeout(inLine), natsgo.MaxReconnects(-1),
		natsgo.CustomReconnectDelay(func(int) time.Duration { return 125*time.Millisecond + rand.N(250*time.Millisecond) }),
		natsgo.ReconnectHandler(func(*natsgo.Conn) {
			select {
			case s.again <- struct{}{}:
			default:
			}
		}))
	if err != nil {
		return err
	}
	heard := make(chan *natsgo.Msg, 4*perSocket)
	for _, d := range s.devices {
		if _, err := s.nc.ChanSubscribe(wire.DesiredSubject(d.id), heard); err != nil {
			return err
		}
	}
	if _, err := s.nc.ChanSubscribe(s.inbox+".*", heard); err != nil {
		return err
	}
	go s.play(ctx, heard)
	return nil
}

// play is the life of all devices of the connection, in one goroutine.
func (s *socket) play(ctx context.Context, heard <-chan *natsgo.Msg) {
	defer s.nc.Close()
	for _, d := range s.devices {
		s.report(wire.DeviceInfo{Device: d.id, Facts: d.facts})
		s.ask(d)
	}
	beat := time.NewTicker(30 * time.Second)
	defer beat.Stop()
	patience := time.NewTicker(5 * time.Second) // as long as an agent waits for an answer
	defer patience.Stop()
	for n := uint64(1); ; {
		select {
		case <-ctx.Done():
			return
		case <-s.again:
			for _, d := range s.devices {
				s.ask(d)
			}
		case <-patience.C:
			for _, d := range s.devices {
				if d.waits {
					s.ask(d)
				}
			}
		case <-beat.C:
			n++
			for _, d := range s.devices {
				s.report(wire.Heartbeat{Device: d.id, Sequence: n})
			}
		case m := <-heard:
			s.hear(m)
		}
	}
}

func (s *socket) report(r wire.Report) {
	_ = s.nc.Publish(r.Subject(), wire.Encode(r)) // without a connection it is lost, as news may be
}

// ask asks as a device does. Between the accounts the server would write who asks; here nothing is
// between.
func (s *socket) ask(d *player) {
	d.waits = true
	token := wire.Token(d.id)
	m := natsgo.NewMsg(wire.RequestSubject(d.id))
	m.Reply, m.Data = s.inbox+"."+token, wire.Encode(wire.AskState{Device: d.id, Nonce: "n"})
	m.Header.Set("Nats-Request-Info", `{"user":"`+token+`"}`)
	_ = s.nc.PublishMsg(m)
}

// hear takes a desired state as it was published or asked for, verifies it, and reports that it
// runs.
func (s *socket) hear(m *natsgo.Msg) {
	raw := m.Data
	token, answers := strings.CutPrefix(m.Subject, s.inbox+".")
	if !answers {
		token = strings.TrimPrefix(m.Subject, wire.AllDesired[:len(wire.AllDesired)-1])
	}
	d := s.devices[token]
	if d == nil {
		return
	}
	if answers {
		said, err := wire.Decode(m.Data)
		answer, ok := said.(wire.StateAnswer)
		if err != nil || !ok {
			return
		}
		d.waits, raw = false, answer.State
	}
	v, err := wire.Open(raw, d.id, s.keys)
	if err != nil || v.State().Generation <= d.generation {
		return
	}
	d.generation = v.State().Generation
	for app := range d.runs {
		if _, stays := v.State().Apps[app]; !stays {
			delete(d.runs, app)
			s.report(wire.AppState{Device: d.id, App: app, Wanted: d.generation})
		}
	}
	for app, rel := range v.State().Releases() {
		d.runs[app] = rel
		s.report(wire.AppState{Device: d.id, App: app, Phase: algebra.Running, Running: wire.RunningOf(rel), Wanted: d.generation, Since: time.Now().UTC()})
	}
}
