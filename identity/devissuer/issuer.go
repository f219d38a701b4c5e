package devissuer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"
)

// Config is what an issuer needs to know.
type Config struct {
	// Dir holds its accounts and keys.
	Dir string
	// Addr is where it listens: a loopback address, port 0 for a free one, or with a URL any.
	Addr string
	// URL is the name under which machines elsewhere reach it; empty: there are none. People sign in
	// on this machine only, as nobody asks them for a password.
	URL string
	// TLS is what to show who connects over a network; nil: none.
	TLS *tls.Config
	// Audience is who its tokens are for.
	Audience string
	// Life is how long an access token counts; 0 is five minutes.
	Life time.Duration
	// Opaque gives tokens that say nothing by themselves, as Zitadel does unless an account's
	// access token type is JWT.
	Opaque bool
}

// Issuer runs until Stop.
type Issuer struct {
	accounts *accounts
	server   *http.Server
	url      string
	done     chan struct{}
}

// ClientID is the application that people sign in to.
const ClientID = "muster"

// Start runs an issuer.
func Start(c Config) (*Issuer, error) {
	if c.Audience == "" {
		return nil, errors.New("dev issuer: an audience is required")
	}
	if c.Life == 0 {
		c.Life = 5 * time.Minute
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("dev issuer: %w", err)
	}
	accounts, err := openAccounts(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("dev issuer: %w", err)
	}
	listener, err := listen(c)
	if err != nil {
		return nil, fmt.Errorf("dev issuer: %w", err)
	}
	i := &Issuer{accounts: accounts, url: cmp.Or(c.URL, "http://"+listener.Addr().String()), done: make(chan struct{})}
	s := &storage{accounts: accounts, audience: c.Audience, life: c.Life, flows: newFlows(), given: newGiven()}
	if !c.Opaque {
		s.kind = op.AccessTokenTypeJWT
	}
	provider, err := op.NewProvider(&op.Config{
		CryptoKey:             sha256.Sum256([]byte(accounts.now().Signing[0].KeyID)),
		GrantTypeRefreshToken: true, CodeMethodS256: true,
		DeviceAuthorization: op.DeviceAuthorizationConfig{
			Lifetime: 10 * time.Minute, PollInterval: time.Second, UserFormPath: "/device", UserCode: op.UserCodeBase20},
	}, s, op.StaticIssuer(i.url), op.WithAllowInsecure(), op.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("dev issuer: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", provider)
	mux.HandleFunc("GET /device", here(s.page))
	mux.HandleFunc("POST /device", here(s.decide))
	i.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go func() {
		defer close(i.done)
		_ = i.server.Serve(listener) // ends with Stop
	}()
	return i, nil
}

// here serves requests of this machine alone.
func here(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() || r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
			http.Error(w, "people sign in on the issuer's own machine only: it asks for no password", http.StatusForbidden)
			return
		}
		serve(w, r)
	}
}

// listen refuses an address that others can reach, unless there is a URL for them. Where any port
// will do it takes the one it had the last time: the address is the issuer's name, and devices have
// it in their files.
func listen(c Config) (net.Listener, error) {
	l, err := listenPlain(c.Dir, cmp.Or(c.Addr, "127.0.0.1:0"), c.URL != "")
	if err != nil || c.TLS == nil {
		return l, err
	}
	return tls.NewListener(l, c.TLS), nil
}

func listenPlain(dir, addr string, open bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); !open && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is no loopback address; this issuer asks for no password and serves its own machine only", addr)
	}
	if last, err := os.ReadFile(filepath.Join(dir, "address")); err == nil && strings.HasSuffix(addr, ":0") {
		if l, err := net.Listen("tcp", string(last)); err == nil {
			return l, nil
		}
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return l, os.WriteFile(filepath.Join(dir, "address"), []byte(l.Addr().String()), 0o600)
}

// URL is the issuer: its address, and the iss of its tokens.
func (i *Issuer) URL() string { return i.url }

// Stop ends it. What it keeps stays on disk.
func (i *Issuer) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if i.server.Shutdown(ctx) != nil {
		_ = i.server.Close()
	}
	<-i.done
}
