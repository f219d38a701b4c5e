package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/identity"
)

func TestAwaits(t *testing.T) {
	at := func(op string, err error) error { return &net.OpError{Op: op, Net: "tcp", Err: err} }
	alert := at("remote error", tls.AlertError(42))
	open := "[::1" // a variable, as staticcheck parses URLs that are constant
	_, unparsable := url.Parse("nats://" + open)
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"no server", natsgo.ErrNoServers, true},
		{"refused", at("dial", syscall.ECONNREFUSED), true},
		{"no route", at("dial", syscall.EHOSTUNREACH), true},
		{"no such host", at("dial", &net.DNSError{Err: "no such host", Name: "muster-nats", IsNotFound: true}), true},
		{"reset", at("read", syscall.ECONNRESET), true},
		{"gone while told", at("write", syscall.EPIPE), true},
		{"no answer", at("read", context.DeadlineExceeded), true},
		{"an end", io.EOF, true},
		{"a request's time", natsgo.ErrTimeout, true},
		{"a call's time", context.DeadlineExceeded, true},
		{"nobody answers", natsgo.ErrNoResponders, true},
		{"no callout", errUndecided, true},
		{"no leader", &jetstream.APIError{Code: 503, ErrorCode: 10008}, true},
		{"no JetStream yet", jetstream.ErrJetStreamNotEnabled, true},
		{"no JetStream for the account yet", jetstream.ErrJetStreamNotEnabledForAccount, true},
		{"an issuer that is away", &url.Error{Op: "Get", URL: "http://127.0.0.1:1", Err: at("dial", syscall.ECONNREFUSED)}, true},
		{"a slow handshake", fmt.Errorf("%w: %w", natsgo.ErrTLS, at("read", context.DeadlineExceeded)), true},

		{"nothing", nil, false},
		{"not authorized", natsgo.ErrAuthorization, false},
		{"expired", natsgo.ErrAuthExpired, false},
		{"no URL", unparsable, false},
		{"no port", at("dial", &net.AddrError{Err: "invalid port", Addr: "99999"}), false},
		{"an unknown authority", fmt.Errorf("%w: %w", natsgo.ErrTLS, x509.UnknownAuthorityError{}), false},
		{"another's name", fmt.Errorf("%w: %w", natsgo.ErrTLS, x509.HostnameError{Certificate: &x509.Certificate{}, Host: "hub"}), false},
		{"shut after the handshake", fmt.Errorf("%w: closed: %w", natsgo.ErrTLS, io.EOF), false},
		{"an alert", alert, false},
		{"an issuer of an unknown authority", &url.Error{Op: "Get", Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}, false},
		{"no seed", &fs.PathError{Op: "open", Path: "fleet.nk", Err: fs.ErrNotExist}, false},
		{"no bucket", jetstream.ErrBucketNotFound, false},
		{"no place", &jetstream.APIError{Code: 400, ErrorCode: 10005}, false},
		{"a bucket that differs", errors.New("bucket desired: history is 5, want 1"), false},
		{"its own end", context.Canceled, false},
	} {
		err := c.err
		if err != nil {
			err = fmt.Errorf("serve: %w", err)
		}
		if awaits(err) != c.want {
			t.Errorf("%s: awaits(%v) is %t", c.name, err, !c.want)
		}
	}
}

// TestAwaitsOfBrokers: what real brokers have a start end with is told apart as the table above says.
func TestAwaitsOfBrokers(t *testing.T) {
	dir := t.TempDir()
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	public, err := makeServiceKeys(filepath.Join(dir, "services"))
	must(t, err)
	_, err = makeServiceKeys(filepath.Join(dir, "others"))
	must(t, err)
	token, trusted := filepath.Join(dir, "token"), filepath.Join(dir, "operator.pub")
	must(t, os.WriteFile(token, []byte("some"), 0o600))
	must(t, identity.CreateKeys(filepath.Join(dir, "operator.key"), trusted))
	buckets := func(url string) error {
		conn, err := bySeed(url, filepath.Join(dir, "services", fleetSeed))
		if err != nil {
			return err
		}
		defer conn.Close()
		return nats.CreateBuckets(t.Context(), conn)
	}
	for _, c := range []struct {
		name string
		edit func(*server.Options)
		do   func(url string) error
		want bool
	}{
		{"no quorum", func(o *server.Options) {
			o.ServerName, o.Cluster.Name, o.Cluster.Host, o.Cluster.Port = "one", "three", "127.0.0.1", -1
			o.Routes = server.RoutesFromStr("nats://127.0.0.1:1,nats://127.0.0.1:2")
		}, buckets, true},
		{"no JetStream", func(o *server.Options) { o.JetStream = false }, buckets, true},
		{"no callout", func(*server.Options) {}, func(url string) error {
			_, err := join(t.Context(), identity.Config{NATS: identity.NATS{URL: url, TokenFile: token}, Keys: identity.Keys{Trust: []string{trusted}}})
			return err
		}, true},
		{"others' seeds", func(*server.Options) {}, func(url string) error {
			_, err := bySeed(url, filepath.Join(dir, "others", fleetSeed))
			return err
		}, false},
		{"an unknown authority", func(o *server.Options) {
			cert, err := tls.LoadX509KeyPair(certificate(t, t.TempDir()))
			must(t, err)
			o.TLS, o.TLSTimeout, o.TLSConfig = true, 5, &tls.Config{Certificates: []tls.Certificate{cert}}
		}, buckets, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // they wait for what does not come
			opts := &server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: filepath.Join(dir, c.name), NoLog: true, NoSigs: true}
			must(t, opts.ProcessConfigString(nats.Accounts(public)))
			opts.AuthTimeout = 3 // more than it takes until the server pings
			c.edit(opts)
			broker, err := server.NewServer(opts)
			must(t, err)
			broker.Start()
			defer broker.Shutdown()
			if !broker.ReadyForConnections(10 * time.Second) {
				t.Fatal("the broker is not ready")
			}
			if err := c.do(broker.ClientURL()); err == nil || awaits(err) != c.want {
				t.Errorf("awaits(%v) is %t", err, !c.want)
			}
		})
	}
}

// TestAwait: what is away is tried again at growing intervals that have a bound and are not the same for
// all, each reason is told once until it is another, and what waiting does not mend is the end.
func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		o := newOutset(slog.New(slog.NewTextHandler(&log, nil)), time.Now())
		var tries []time.Time
		silent := func() error {
			return fmt.Errorf("the broker\nread tcp 127.0.0.1:%d->127.0.0.1:4222: %w", 50000+len(tries), natsgo.ErrTimeout)
		}
		done, err := await(t.Context(), o, func() (string, error) {
			if n := len(tries); n > 0 {
				if s := o.Status().Standing; s.State != operator.Starting || s.Why == "" || strings.Contains(s.Why, "->") || o.Still() != 0 {
					t.Errorf("after try %d it stands as %+v", n, s)
				}
			}
			tries = append(tries, time.Now())
			switch n := len(tries); {
			case n <= 10:
				return "", natsgo.ErrNoServers
			case n <= 20:
				return "", silent()
			}
			return "done", nil
		})
		if done != "done" || err != nil || len(tries) != 21 || o.Status().Standing.Why != "" {
			t.Errorf("%q, %v after %d tries, and then %q", done, err, len(tries), o.Status().Standing.Why)
		}
		most, same := soonest, true
		for i := range tries[1:] {
			wait := tries[i+1].Sub(tries[i])
			if wait < most/2 || wait >= most || most > latest {
				t.Errorf("try %d comes after %s, want %s to %s", i+1, wait, most/2, most)
			}
			same = same && wait == most/2
			most = min(2*most, latest)
		}
		if same {
			t.Error("all that wait for a broker come back at once")
		}
		if said := log.String(); strings.Count(said, "\n") != 2 || !strings.Contains(said, `msg=starting why="nats: no servers available for connection"`) ||
			!strings.Contains(said, `msg=starting why="the broker: read tcp 127.0.0.1:4222: nats: timeout"`) {
			t.Errorf("it says\n%s", said)
		}

		_, err = await(t.Context(), o, func() (string, error) { return "", natsgo.ErrAuthorization })
		if !errors.Is(err, natsgo.ErrAuthorization) {
			t.Errorf("refused: %v", err)
		}
		// One that is to end does not wait for its turn, nor take what fails by that for a failure.
		began := time.Now()
		ctx, end := context.WithTimeout(t.Context(), time.Millisecond)
		defer end()
		if _, err = await(ctx, o, func() (string, error) { return "", natsgo.ErrNoServers }); !errors.Is(err, ctx.Err()) || time.Since(began) != time.Millisecond {
			t.Errorf("to end: %v after %s", err, time.Since(began))
		}
		if _, err = await(ctx, o, func() (string, error) { return "", errors.New("half done") }); !errors.Is(err, ctx.Err()) {
			t.Errorf("ended: %v", err)
		}
	})
}
