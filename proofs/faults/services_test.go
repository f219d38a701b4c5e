package faults_test

import (
	"context"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/hub"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
)

// services are what a fleet needs beside its broker: the hub that devices talk to, and the callout
// that lets them in, by a token that is their name.
func (p part) services() error {
	auth, err := p.connect(p.Seeds.Auth)
	if err != nil {
		return err
	}
	fleet, err := p.connect(p.Seeds.Fleet)
	if err != nil {
		return err
	}
	_, err = callout.Start(callout.Config{Conn: auth, Issuer: pair(p.Seeds.Issuer), XKey: pair(p.Seeds.XKey), Authorize: byName})
	if err != nil {
		return err
	}
	for { // until there are buckets, and a server that leads them
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		_, err := hub.Start(ctx, fleet)
		cancel()
		if err == nil {
			select {}
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func byName(_ context.Context, token string) (callout.Admission, error) {
	id, err := algebra.ParseDeviceID(token)
	return callout.Admission{Role: identity.Device, Device: id, Name: token}, err
}
