package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/devissuer"
	"github.com/musterfleet/muster/identity/enroll"
	"github.com/musterfleet/muster/identity/enroll/desk"
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
	if err := dir.staffKeys(i, "muster-dev-"); err != nil {
		i.Stop()
		return nil, err
	}
	person := "operator"
	if u, err := user.Current(); err == nil {
		person = u.Username
	}
	return i, errors.Join(i.AddPerson(person, "operator"), i.AddPerson("visitor", "viewer"))
}

// staffKeys makes the key file of each role, once, for accounts that are named by it.
func (d devDir) staffKeys(i *devissuer.Issuer, prefix string) error {
	for _, r := range staff {
		file := d.at(r.String() + ".json")
		if _, err := os.Stat(file); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		text, err := i.KeyFile(prefix+r.String(), "", r.String())
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func devOIDC(i *devissuer.Issuer) identity.OIDC {
	return identity.OIDC{Issuer: i.URL(), Audience: devAudience, ClientID: devissuer.ClientID}
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
