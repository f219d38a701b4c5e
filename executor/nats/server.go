package nats

import (
	"cmp"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/musterfleet/muster/identity/callout"
)

// Server is an embedded NATS server, with JetStream in a directory, the accounts of the fleet and
// the callout that decides who connects.
type Server struct {
	s       *server.Server
	auth    *nats.Conn
	callout *callout.Callout
	secret  string // of the users that do not go through the callout; known to this process only
}

// ServerConfig is what an embedded server needs to know.
type ServerConfig struct {
	// Dir holds JetStream's files.
	Dir string
	// Host is the address to listen at; empty is 127.0.0.1. Port 0 takes a free one.
	Host string
	Port int
	// TLS is what to show who connects over a network; nil: tokens go over it as they are.
	TLS *tls.Config
	// Authorize decides about each connection that is not this process's own.
	Authorize callout.Authorizer
	// Log hears its decisions; nil is silence.
	Log *slog.Logger
}

// Start runs a server until Stop.
func Start(c ServerConfig) (*Server, error) {
	if c.Dir == "" || c.Authorize == nil {
		return nil, errors.New("nats server: a directory and an authorizer are required")
	}
	issuer, err := nkeys.CreateAccount()
	if err != nil {
		return nil, fmt.Errorf("nats server: %w", err)
	}
	public, err := issuer.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("nats server: %w", err)
	}
	xkey, err := nkeys.CreateCurveKeys()
	if err != nil {
		return nil, fmt.Errorf("nats server: %w", err)
	}
	xpublic, err := xkey.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("nats server: %w", err)
	}
	port := c.Port
	if port == 0 {
		port = -1 // the server's way to say any
	}
	secret := rand.Text()
	// A client that stands in line to be let in would take an early ping for a wrong answer.
	opts := &server.Options{NoLog: true, NoSigs: true, Host: cmp.Or(c.Host, "127.0.0.1"), DisableShortFirstPing: true}
	own := func(name string) user { return user{name, fmt.Sprintf("{user: %s, password: %q}", name, secret)} }
	text := fmt.Sprintf("port: %d\njetstream: { store_dir: %q }\n", port, c.Dir) +
		accounts{Issuer: public, XKey: xpublic, auth: own("auth"), fleet: own("fleet"), system: own("sys")}.text()
	if err := opts.ProcessConfigString(text); err != nil {
		return nil, fmt.Errorf("nats server: %w", err)
	}
	if c.TLS != nil {
		opts.TLS, opts.TLSConfig, opts.TLSTimeout = true, c.TLS, 5
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("nats server: %w", err)
	}
	e := &Server{s: s, secret: secret}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		e.Stop()
		return nil, fmt.Errorf("nats server: not ready on %s:%d after 10 s; is the port in use, or %s not writable?", opts.Host, c.Port, c.Dir)
	}
	if e.auth, err = e.connect("auth"); err == nil {
		e.callout, err = callout.Start(callout.Config{Conn: e.auth, Issuer: issuer, XKey: xkey, Authorize: c.Authorize,
			Patience: 7 * time.Second, Log: c.Log})
	}
	if err != nil {
		e.Stop()
		return nil, fmt.Errorf("nats server: %w", err)
	}
	return e, nil
}

// URL is where clients of this machine connect.
func (e *Server) URL() string { return e.s.ClientURL() }

// Connect is a connection of this process to account FLEET, without a socket.
func (e *Server) Connect(opts ...nats.Option) (*nats.Conn, error) {
	nc, err := e.connect("fleet", opts...)
	if err != nil {
		return nil, fmt.Errorf("nats server: %w", err)
	}
	return nc, nil
}

// System is a connection of this process to the system account, which knows all connections
// and can end them.
func (e *Server) System() (*nats.Conn, error) {
	nc, err := e.connect("sys")
	if err != nil {
		return nil, fmt.Errorf("nats server: %w", err)
	}
	return nc, nil
}

// Callout counts what was decided about connections.
func (e *Server) Callout() callout.Counts { return e.callout.Counts() }

func (e *Server) connect(user string, opts ...nats.Option) (*nats.Conn, error) {
	opts = append([]nats.Option{nats.InProcessServer(e.s), nats.UserInfo(user, e.secret), nats.Name("muster " + user)}, opts...)
	return nats.Connect("", opts...)
}

// Stop ends the server and its connections. Buckets on disk stay.
func (e *Server) Stop() {
	if e.callout != nil {
		e.callout.Stop()
	}
	if e.auth != nil {
		e.auth.Close()
	}
	e.s.Shutdown()
	e.s.WaitForShutdown()
}
