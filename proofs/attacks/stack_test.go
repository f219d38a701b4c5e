package attacks_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/hub"
	musternats "github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/office"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
	"github.com/musterfleet/muster/identity/devissuer"
	"github.com/musterfleet/muster/identity/enroll"
	"github.com/musterfleet/muster/identity/enroll/desk"
	"github.com/musterfleet/muster/identity/oidc"
)

const audience = "fleet"

// stack is a fleet of real parts with devices d1 and d2, and the keys that an attacker has not.
type stack struct {
	t      *testing.T
	dir    string
	issuer *devissuer.Issuer
	oidc   identity.OIDC
	server *musternats.Server
	ops    *nats.Conn // an operator's
	kv     map[string]jetstream.KeyValue
	trust  []byte
	sign   ed25519.PrivateKey
	log    lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{t: t, dir: t.TempDir(), kv: map[string]jetstream.KeyValue{}}
	log := slog.New(slog.NewTextHandler(&s.log, nil))
	slog.SetDefault(log) // the issuer's library logs there
	var err error
	s.issuer, err = devissuer.Start(devissuer.Config{Dir: s.dir, Audience: audience})
	s.must(err)
	t.Cleanup(s.issuer.Stop)
	s.oidc = identity.OIDC{Issuer: s.issuer.URL(), Audience: audience, ClientID: devissuer.ClientID}
	s.must(s.issuer.AddPerson("ana", "operator"))

	var door atomic.Pointer[callout.Authorizer]
	s.server, err = musternats.Start(musternats.ServerConfig{Dir: t.TempDir(), Log: log,
		Authorize: func(ctx context.Context, token string) (callout.Admission, error) { return (*door.Load())(ctx, token) }})
	s.must(err)
	t.Cleanup(s.server.Stop)
	s.ops, err = s.server.Connect()
	s.must(err)
	t.Cleanup(s.ops.Close)
	s.must(musternats.CreateBuckets(t.Context(), s.ops))
	js, err := jetstream.New(s.ops)
	s.must(err)
	for _, name := range []string{wire.DevicesBucket, wire.DesiredBucket, wire.SpecsBucket, wire.InfoBucket, wire.StateBucket, wire.HeartbeatBucket, wire.OffersBucket} {
		s.kv[name], err = js.KeyValue(t.Context(), name)
		s.must(err)
	}
	s.must(identity.CreateKeys(filepath.Join(s.dir, "op.key"), filepath.Join(s.dir, "op.pub")))
	s.trust, err = os.ReadFile(filepath.Join(s.dir, "op.pub"))
	s.must(err)
	s.sign, err = identity.Keys{Sign: filepath.Join(s.dir, "op.key")}.SigningKey()
	s.must(err)
	front, err := desk.Start(t.Context(), desk.Config{Conn: s.ops, Registrar: registrar{s.issuer}, Issuer: s.issuer.URL(), Audience: audience, Trust: s.trust, Log: log})
	s.must(err)
	t.Cleanup(front.Stop)
	h, err := hub.Start(t.Context(), s.ops)
	s.must(err)
	t.Cleanup(h.Stop)
	behind, err := office.Start(t.Context(), s.ops, log)
	s.must(err)
	t.Cleanup(behind.Stop)
	verifier, err := oidc.NewVerifier(s.oidc)
	s.must(err)
	open := callout.WithOffers(front.Opens, callout.FromIssuer(verifier, callout.InBucket(s.kv[wire.DevicesBucket])))
	door.Store(&open)
	for _, d := range []string{"d1", "d2"} {
		s.enter(d, algebra.Enrolled)
	}
	s.enter("gone", algebra.Revoked)
	s.enter("waiting", algebra.Requested)
	return s
}

type registrar struct{ issuer *devissuer.Issuer }

func (r registrar) Register(_ context.Context, d algebra.DeviceID, key *rsa.PublicKey) (desk.Registered, error) {
	id, err := r.issuer.AddMachine(d.String(), d.String(), key, "device")
	return desk.Registered{UserID: d.String(), KeyID: id}, err
}

func (r registrar) Retire(_ context.Context, d algebra.DeviceID, keepID string) error {
	return r.issuer.RetireKeys(d.String(), keepID)
}

func (s *stack) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stack) enter(d string, l algebra.Lifecycle) {
	s.t.Helper()
	e := wire.DeviceEntry{Device: algebra.MustDeviceID(d), Lifecycle: l, SetBy: "test", At: time.Now().UTC()}
	_, err := s.kv[wire.DevicesBucket].Put(context.Background(), d, wire.Encode(e))
	s.must(err)
}

func (s *stack) label(d, k, v string) {
	s.t.Helper()
	e := wire.DeviceEntry{Device: algebra.MustDeviceID(d), Lifecycle: algebra.Enrolled, Labels: map[string]string{k: v}, SetBy: "test"}
	_, err := s.kv[wire.DevicesBucket].Put(context.Background(), d, wire.Encode(e))
	s.must(err)
}

// records are all of the fleet's records but what devices report of themselves.
func (s *stack) records() string {
	s.t.Helper()
	var lines []string
	for _, bucket := range []string{wire.DevicesBucket, wire.DesiredBucket, wire.SpecsBucket, wire.InfoBucket, wire.StateBucket} {
		w, err := s.kv[bucket].WatchAll(context.Background(), jetstream.IgnoreDeletes())
		s.must(err)
		for e := range w.Updates() {
			if e == nil {
				break
			}
			lines = append(lines, fmt.Sprintf("%s/%s at %d: %s", bucket, e.Key(), e.Revision(), e.Value()))
		}
		s.must(w.Stop())
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// issuerKey is the key that the issuer signs with, stolen from its file.
func (s *stack) issuerKey() (*rsa.PrivateKey, string) {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "issuer.json"))
	s.must(err)
	var kept struct{ Signing []jose.JSONWebKey }
	s.must(json.Unmarshal(text, &kept))
	return kept.Signing[0].Key.(*rsa.PrivateKey), kept.Signing[0].KeyID
}

// claims are those of a good token of a device.
func (s *stack) claims(device string) jwt.MapClaims {
	now := time.Now()
	return jwt.MapClaims{
		"iss": s.issuer.URL(), "sub": device, "aud": []string{audience}, "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(),
		"urn:zitadel:iam:org:project:fleet:roles": map[string]any{"device": map[string]string{"1": "org"}},
		"urn:zitadel:iam:user:metadata":           map[string]string{"device": base64url(device)},
	}
}

// with is claims in which some are others; nil takes one away.
func with(c jwt.MapClaims, changes jwt.MapClaims) jwt.MapClaims {
	for k, v := range changes {
		if c[k] = v; v == nil {
			delete(c, k)
		}
	}
	return c
}

// token is claims signed by the issuer's own key, by another library than the verifier's.
func (s *stack) token(c jwt.MapClaims) string {
	s.t.Helper()
	key, kid := s.issuerKey()
	return s.signed(jwt.SigningMethodRS256, map[string]any{"kid": kid}, c, key)
}

func (s *stack) signed(m jwt.SigningMethod, header map[string]any, c jwt.MapClaims, key any) string {
	s.t.Helper()
	t := jwt.NewWithClaims(m, c)
	for k, v := range header {
		t.Header[k] = v
	}
	text, err := t.SignedString(key)
	s.must(err)
	return text
}

// refused is nil where no connection can be made with a token, and that was logged.
func (s *stack) refused(token string) error {
	logged := strings.Count(s.log.String(), "msg=refused")
	nc, err := nats.Connect(s.server.URL(), nats.Token(token), nats.Timeout(3*time.Second), nats.MaxReconnects(0))
	if err == nil {
		nc.Close()
		return errors.New("it connected")
	}
	if !errors.Is(err, nats.ErrAuthorization) && !strings.Contains(err.Error(), "maximum") && !strings.Contains(err.Error(), "EOF") && !strings.Contains(err.Error(), "reset") {
		return fmt.Errorf("it failed for another reason: %w", err)
	}
	if errors.Is(err, nats.ErrAuthorization) && token != "" && strings.Count(s.log.String(), "msg=refused") == logged {
		return errors.New("it was refused and not logged")
	}
	if token != "" && len(token) > 20 && strings.Contains(s.log.String(), token) {
		return errors.New("the token stands in the log")
	}
	return nil
}

// device is a connection of a device; what it is denied arrives on the channel.
func (s *stack) device(d string) (*nats.Conn, <-chan string) {
	s.t.Helper()
	denied := make(chan string, 64)
	nc, err := nats.Connect(s.server.URL(), nats.Token(s.token(s.claims(d))), nats.CustomInboxPrefix("_INBOX_"+d),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err.Error() }))
	s.must(err)
	s.t.Cleanup(nc.Close)
	return nc, denied
}

// person is a connection of somebody with a role, and what they are denied.
func (s *stack) person(as wire.Asker) (*nats.Conn, <-chan string) {
	s.t.Helper()
	denied := make(chan string, 64)
	token := s.token(with(s.claims(as.User), jwt.MapClaims{
		"urn:zitadel:iam:org:project:fleet:roles": map[string]any{as.Role: map[string]string{"1": "org"}}, "urn:zitadel:iam:user:metadata": nil, "preferred_username": as.Name,
	}))
	nc, err := nats.Connect(s.server.URL(), nats.Token(token), nats.CustomInboxPrefix(as.Inbox()),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err.Error() }))
	s.must(err)
	s.t.Cleanup(nc.Close)
	return nc, denied
}

// offer is a token to join with.
func (s *stack) offer(o enroll.Offer) enroll.Token {
	s.t.Helper()
	t := enroll.NewToken(s.trust)
	if o.Until.IsZero() {
		o.Until = time.Now().Add(time.Minute)
	}
	s.must(desk.Make(context.Background(), s.kv[wire.OffersBucket], o, t))
	return t
}
