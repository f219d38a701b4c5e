package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/user"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/office"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
	"github.com/musterfleet/muster/identity/devissuer"
	"github.com/musterfleet/muster/identity/enroll"
	"github.com/musterfleet/muster/identity/enroll/desk"
	"github.com/musterfleet/muster/identity/oidc"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

// devAudience is who tokens of a dev fleet are for.
const devAudience = "muster-dev"

// devLife is how long a token of a dev fleet counts: simulated devices are many, and each asks
// for its own.
const devLife = time.Hour

// startIssuer runs the dev issuer. It knows the staff, by the keys that their configurations
// name, and the person at this machine.
func startIssuer(dir devDir) (*devissuer.Issuer, error) {
	i, err := devissuer.Start(devissuer.Config{Dir: dir.at("issuer"), Audience: devAudience, Life: devLife})
	if err != nil {
		return nil, err
	}
	for _, r := range staff {
		if err := dir.staffKey(i, r.String()); err != nil {
			i.Stop()
			return nil, err
		}
	}
	person := "operator"
	if u, err := user.Current(); err == nil {
		person = u.Username
	}
	return i, errors.Join(i.AddPerson(person, "operator"), i.AddPerson("visitor", "viewer"))
}

// staffKey makes the key file of who has a role, once.
func (d devDir) staffKey(i *devissuer.Issuer, role string) error {
	file := d.at(role + ".json")
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := i.KeyFile("muster-dev-"+role, "", role)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

func devOIDC(i *devissuer.Issuer) identity.OIDC {
	return identity.OIDC{Issuer: i.URL(), Audience: devAudience, ClientID: devissuer.ClientID}
}

// door is the authorizer of the dev server: the registry that it asks is in that server, and
// comes after it.
type door struct {
	open atomic.Pointer[callout.Authorizer]
}

func (d *door) authorize(ctx context.Context, token string) (callout.Admission, error) {
	if open := d.open.Load(); open != nil {
		return (*open)(ctx, token)
	}
	return callout.Admission{}, errors.New("the fleet is starting")
}

// admission is what lets people and devices into the dev fleet, and sends them out.
type admission struct{ stops []func() }

func (a *admission) stop() {
	for _, stop := range a.stops {
		stop()
	}
}

// admit opens the door: tokens of the issuer for who is enrolled, a desk for who wants to be,
// and an end to the connections of who is revoked.
func (d *door) admit(ctx context.Context, server *nats.Server, dir devDir, i *devissuer.Issuer, log *slog.Logger) (*admission, error) {
	a := &admission{}
	failed := func(err error) (*admission, error) { a.stop(); return nil, err }
	verifier, err := oidc.NewVerifier(devOIDC(i))
	if err != nil {
		return failed(err)
	}
	conn, err := server.Connect()
	if err != nil {
		return failed(err)
	}
	a.stops = append(a.stops, conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		return failed(err)
	}
	devices, err := js.KeyValue(ctx, wire.DevicesBucket)
	if err != nil {
		return failed(err)
	}
	trust, err := os.ReadFile(dir.at("operator.pub"))
	if err != nil {
		return failed(err)
	}
	front, err := desk.Start(ctx, desk.Config{Conn: conn, Registrar: registrar{i}, Issuer: i.URL(), Audience: devAudience, Trust: trust, Log: log})
	if err != nil {
		return failed(err)
	}
	a.stops = append([]func(){front.Stop}, a.stops...)
	behind, err := office.Start(ctx, conn, log)
	if err != nil {
		return failed(err)
	}
	a.stops = append([]func(){behind.Stop}, a.stops...)
	sys, err := server.System()
	if err != nil {
		return failed(err)
	}
	a.stops = append(a.stops, sys.Close)
	unwatch, err := callout.Revocations(ctx, devices, sys, log)
	if err != nil {
		return failed(err)
	}
	a.stops = append([]func(){unwatch}, a.stops...)
	open := callout.WithOffers(front.Opens, callout.FromIssuer(verifier, callout.InBucket(devices)))
	d.open.Store(&open)
	return a, nil
}

// registrar enters devices that joined at the dev issuer.
type registrar struct{ issuer *devissuer.Issuer }

func (r registrar) Register(_ context.Context, d algebra.DeviceID, key *rsa.PublicKey) (desk.Registered, error) {
	id, err := r.issuer.AddMachine(d.String(), d.String(), key, "device")
	return desk.Registered{UserID: d.String(), KeyID: id}, err
}

func (r registrar) Retire(_ context.Context, d algebra.DeviceID, keepID string) error {
	return r.issuer.RetireKeys(d.String(), keepID)
}

// simulatedKeys are the tokens of simulated devices. They share one key, since to make one for
// each would take longer than anything else of a start.
func simulatedKeys(i *devissuer.Issuer, devices []algebra.Device) (func(algebra.DeviceID) (*machine.Source, error), error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(devices))
	for n, d := range devices {
		names[n] = d.ID.String()
	}
	keyID, err := i.AddMachines(names, &key.PublicKey, "device")
	if err != nil {
		return nil, err
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	return func(d algebra.DeviceID) (*machine.Source, error) {
		return machine.ByKeyFile(devOIDC(i), identity.KeyFile{Type: "serviceaccount", KeyID: keyID, Key: text, UserID: d.String()})
	}, nil
}

// offer is a token with which a device may join at once.
func (d devDir) offer(ctx context.Context, server *nats.Server, device algebra.Device) (enroll.Token, error) {
	conn, err := server.Connect()
	if err != nil {
		return enroll.Token{}, err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return enroll.Token{}, err
	}
	offers, err := js.KeyValue(ctx, wire.OffersBucket)
	if err != nil {
		return enroll.Token{}, err
	}
	trust, err := os.ReadFile(d.at("operator.pub"))
	if err != nil {
		return enroll.Token{}, err
	}
	t := enroll.NewToken(trust)
	return t, desk.Make(ctx, offers, enroll.Offer{Device: device.ID, Labels: device.Labels, Approved: true,
		Until: time.Now().Add(10 * time.Minute).UTC(), By: "muster dev"}, t)
}
