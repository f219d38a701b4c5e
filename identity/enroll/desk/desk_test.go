package desk_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	musternats "github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
	"github.com/musterfleet/muster/identity/enroll"
	"github.com/musterfleet/muster/identity/enroll/desk"
)

// registrar plays the issuer: it knows devices by the thumbprints of keys.
type registrar struct {
	mu    sync.Mutex
	keys  map[string][]string
	until time.Time
	fails int // so many calls from now on
}

func print(key *rsa.PublicKey) string {
	text, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	return enroll.Thumbprint(text)
}

func (r *registrar) call(f func()) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails > 0 {
		r.fails--
		return errors.New("the issuer is away")
	}
	f()
	return nil
}

func (r *registrar) Register(_ context.Context, d algebra.DeviceID, key *rsa.PublicKey) (desk.Registered, error) {
	id := print(key)
	err := r.call(func() {
		for _, k := range r.keys[d.String()] {
			if k == id {
				return
			}
		}
		r.keys[d.String()] = append(r.keys[d.String()], id)
	})
	return desk.Registered{UserID: d.String(), KeyID: id, Until: r.until}, err
}

func (r *registrar) Retire(_ context.Context, d algebra.DeviceID, keep string) error {
	return r.call(func() { r.keys[d.String()] = []string{keep} })
}

func (r *registrar) has(d string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[d]
}

// office is a fleet with a desk: devices come as themselves, by their id for a token.
type office struct {
	t               *testing.T
	server          *musternats.Server
	nc              *nats.Conn
	offers, devices jetstream.KeyValue
	registrar       *registrar
	trust           []byte
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, registrar: &registrar{keys: map[string][]string{}}, trust: []byte("the operators' keys")}
	var front *desk.Desk
	asDevice := func(_ context.Context, token string) (callout.Admission, error) {
		d, err := algebra.ParseDeviceID(token)
		return callout.Admission{Role: identity.Device, Device: d}, err
	}
	var err error
	o.server, err = musternats.Start(musternats.ServerConfig{Dir: t.TempDir(),
		Authorize: callout.WithOffers(func(ctx context.Context, k enroll.Token) (time.Time, error) { return front.Opens(ctx, k) }, asDevice)})
	must(t, err)
	t.Cleanup(o.server.Stop)
	o.nc, err = o.server.Connect()
	must(t, err)
	t.Cleanup(o.nc.Close)
	must(t, musternats.CreateBuckets(t.Context(), o.nc))
	js, err := jetstream.New(o.nc)
	must(t, err)
	o.offers, err = js.KeyValue(t.Context(), wire.OffersBucket)
	must(t, err)
	o.devices, err = js.KeyValue(t.Context(), wire.DevicesBucket)
	must(t, err)
	front, err = desk.Start(t.Context(), desk.Config{Conn: o.nc, Registrar: o.registrar, Issuer: "https://issuer.example", Audience: "fleet", Trust: o.trust})
	must(t, err)
	t.Cleanup(front.Stop)
	return o
}

func (o *office) offer(f enroll.Offer) enroll.Token {
	o.t.Helper()
	k := enroll.NewToken(o.trust)
	if f.Until.IsZero() {
		f.Until = time.Now().Add(time.Minute)
	}
	must(o.t, desk.Make(o.t.Context(), o.offers, f, k))
	return k
}

// join has a device join and returns the directory with its credential.
func (o *office) join(k enroll.Token, id string) (dir string, err error) {
	ctx, cancel := context.WithTimeout(o.t.Context(), 10*time.Second)
	defer cancel()
	dir = o.t.TempDir()
	c, err := identity.EnrollmentIntent{URL: o.server.URL(), Token: k.Text(), Device: id}.Resolve(ctx, dir, enroll.OverNATS(nil))
	if err == nil {
		must(o.t, c.Install(dir))
	}
	return dir, err
}

func (o *office) entry(id string) wire.DeviceEntry {
	o.t.Helper()
	e, err := o.devices.Get(o.t.Context(), wire.Token(algebra.MustDeviceID(id)))
	must(o.t, err)
	m, err := wire.Decode(e.Value())
	must(o.t, err)
	return m.(wire.DeviceEntry)
}

func (o *office) do(verb desk.Verb, id string) error {
	_, err := desk.Do(o.t.Context(), o.devices, desk.Change{Verb: verb, Devices: []string{id}}, "ana", func(wire.DeviceEntry) error { return nil })
	return err
}

func (o *office) renew(id string) identity.Renew {
	return enroll.RenewOverNATS(o.server.URL(), algebra.MustDeviceID(id), func() (string, error) { return id, nil })
}

func TestJoinThroughTheLobby(t *testing.T) {
	o := newOffice(t)
	o.registrar.fails = 1 // the first time round; the device asks again
	k := o.offer(enroll.Offer{Labels: map[string]string{"site": "lyon"}, By: "ana"})
	done := make(chan error, 1)
	go func() { _, err := o.join(k, "gw-1.example"); done <- err }()
	for end := time.Now().Add(5 * time.Second); o.do(desk.Approve, "gw-1.example") != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came to the lobby")
		}
	}
	must(t, <-done)
	e := o.entry("gw-1.example")
	if e.Lifecycle != algebra.Enrolled || e.Labels["site"] != "lyon" || e.Key == "" || e.Offer != k.ID || len(o.registrar.has("gw-1.example")) != 1 {
		t.Errorf("entered as %+v with keys %v", e, o.registrar.has("gw-1.example"))
	}
}

// TestJoinAgainRetiresTheKeyBefore: a device that was reset joins under its name by a token for it.
func TestJoinAgainRetiresTheKeyBefore(t *testing.T) {
	o := newOffice(t)
	_, err := o.join(o.offer(enroll.Offer{Approved: true}), "gw-1")
	must(t, err)
	first := o.registrar.has("gw-1")
	_, err = o.join(o.offer(enroll.Offer{Approved: true, Device: algebra.MustDeviceID("gw-1")}), "gw-1")
	must(t, err)
	if now := o.registrar.has("gw-1"); len(now) != 1 || now[0] == first[0] || o.entry("gw-1").Key != now[0] {
		t.Errorf("the issuer knows it by %v, before by %v", now, first)
	}
}

func TestKeyIsRenewed(t *testing.T) {
	o := newOffice(t)
	o.registrar.until = time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	dir, err := o.join(o.offer(enroll.Offer{Approved: true}), "gw-1")
	must(t, err)
	c, err := identity.Load(filepath.Join(dir, identity.ConfigFile), func(string) string { return "" })
	must(t, err)
	due, err := c.OIDC.RenewalDue()
	must(t, err)
	if left := time.Until(due); left < 39*time.Minute || left > 41*time.Minute {
		t.Errorf("a key of an hour is due in %s", left)
	}
	before := o.registrar.has("gw-1")[0]
	_, err = c.OIDC.RenewKey(t.Context(), o.renew("gw-1"))
	must(t, err)
	after := o.registrar.has("gw-1")
	if len(after) != 1 || after[0] == before || o.entry("gw-1").Key != after[0] || o.entry("gw-1").NextKey != "" {
		t.Errorf("the issuer knows %v, before %s; the registry %+v", after, before, o.entry("gw-1"))
	}
	text, err := os.ReadFile(c.OIDC.KeyFile)
	must(t, err)
	file, err := identity.ParseKeyFile(text)
	must(t, err)
	if file.KeyID != after[0] || !file.Until.Equal(o.registrar.until) {
		t.Errorf("the file has %s until %s", file, file.Until)
	}
	if _, err := os.Stat(filepath.Join(dir, "renewing.key")); err == nil {
		t.Error("the pending key was left")
	}
}

// TestRenewalThatIsCutOff: wherever it ends, the key in the file counts, and it can be gone on with.
func TestRenewalThatIsCutOff(t *testing.T) {
	o := newOffice(t)
	for lost := 1; lost <= 4; lost++ { // the question or the answer of either step
		t.Run(fmt.Sprint(lost), func(t *testing.T) {
			id := fmt.Sprint("gw-", lost)
			dir, err := o.join(o.offer(enroll.Offer{Approved: true}), id)
			must(t, err)
			c, err := identity.Load(filepath.Join(dir, identity.ConfigFile), func(string) string { return "" })
			must(t, err)
			n := 0
			cut := func(ctx context.Context, key, next *rsa.PrivateKey) (string, time.Time, error) {
				if n++; n == lost {
					return "", time.Time{}, errors.New("cut off")
				}
				keyID, until, err := o.renew(id)(ctx, key, next)
				if n++; n == lost && err == nil {
					return "", time.Time{}, errors.New("cut off")
				}
				return keyID, until, err
			}
			if _, err := c.OIDC.RenewKey(t.Context(), cut); err == nil {
				t.Fatal("it was not cut off")
			}
			text, err := os.ReadFile(c.OIDC.KeyFile)
			must(t, err)
			file, err := identity.ParseKeyFile(text)
			must(t, err)
			if !strings.Contains(strings.Join(o.registrar.has(id), " "), file.KeyID) {
				t.Fatalf("the key in the file does not count: %s of %v", file.KeyID, o.registrar.has(id))
			}
			if due, err := c.OIDC.RenewalDue(); err != nil || time.Now().Before(due) {
				t.Errorf("it is not gone on with before %s (%v)", due, err)
			}
			_, err = c.OIDC.RenewKey(t.Context(), o.renew(id))
			must(t, err)
			if keys := o.registrar.has(id); len(keys) != 1 || keys[0] == file.KeyID && lost < 3 {
				t.Errorf("in the end the issuer knows %v", keys)
			}
		})
	}
}

// TestRenewalTakesProof: the desk answers only to the key that it knows the device by.
func TestRenewalTakesProof(t *testing.T) {
	o := newOffice(t)
	for _, id := range []string{"gw-1", "gw-2"} {
		_, err := o.join(o.offer(enroll.Offer{Approved: true}), id)
		must(t, err)
	}
	thief, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	before := fmt.Sprint(o.registrar.has("gw-1"), o.entry("gw-1"))
	ask := func(as, subject string, r enroll.Renewal) (enroll.Answer, error) {
		nc, err := nats.Connect(o.server.URL(), nats.Token(as), nats.CustomInboxPrefix("_INBOX_"+as))
		must(t, err)
		defer nc.Close()
		text, err := json.Marshal(r)
		must(t, err)
		m, err := nc.Request(subject, text, 500*time.Millisecond)
		if err != nil {
			return enroll.Answer{}, err
		}
		var a enroll.Answer
		return a, json.Unmarshal(m.Data, &a)
	}
	wish := func(id string, key, next *rsa.PrivateKey, at time.Time) enroll.Renewal {
		r, err := enroll.NewRenewal(algebra.MustDeviceID(id), key, next, at)
		must(t, err)
		return r
	}
	subject := wire.RenewSubject(algebra.MustDeviceID("gw-1"))
	good := wish("gw-1", thief, other, time.Now())
	forged := good
	forged.Next = wish("gw-1", other, thief, time.Now()).Next
	for name, c := range map[string]struct {
		as, subject string
		r           enroll.Renewal
		refused     string // "" gets no answer at all
	}{
		"a key of the thief's own":    {"gw-1", subject, good, "not by the key"},
		"the thief's key shown":       {"gw-1", subject, wish("gw-1", thief, thief, time.Now()), "not by the key"},
		"another key than was signed": {"gw-1", subject, forged, ""},
		"an old wish":                 {"gw-1", subject, wish("gw-1", thief, other, time.Now().Add(-time.Hour)), ""},
		"for another device":          {"gw-2", wire.RenewSubject(algebra.MustDeviceID("gw-2")), good, ""},
		"on another's subject":        {"gw-2", subject, good, ""},
	} {
		a, err := ask(c.as, c.subject, c.r)
		switch {
		case c.refused == "" && err == nil:
			t.Errorf("%s: answered %+v", name, a)
		case c.refused != "" && !strings.Contains(a.Refused, c.refused):
			t.Errorf("%s: answered %+v (%v)", name, a, err)
		}
	}
	if after := fmt.Sprint(o.registrar.has("gw-1"), o.entry("gw-1")); after != before {
		t.Errorf("something changed: %s, before %s", after, before)
	}
	must(t, o.do(desk.Revoke, "gw-1"))
	if a, err := ask("gw-1", subject, good); err != nil || !strings.Contains(a.Refused, "revoked") {
		t.Errorf("a revoked device is answered %+v (%v)", a, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
