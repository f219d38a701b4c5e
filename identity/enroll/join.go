package enroll

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity"
)

// Every is how often a device that waits in the lobby asks.
const Every = 2 * time.Second

// OverNATS is an identity.Join. waiting is called once, if the device has to wait for approval.
func OverNATS(waiting func()) identity.Join {
	return func(ctx context.Context, i identity.EnrollmentIntent, key *rsa.PrivateKey) (identity.Enrolled, error) {
		token, err := ParseToken(i.Token)
		if err != nil {
			return identity.Enrolled{}, err
		}
		d, err := algebra.ParseDeviceID(i.Device)
		if err != nil {
			return identity.Enrolled{}, err
		}
		nc, err := nats.Connect(i.URL, nats.Name("muster-agent join"), nats.Token(token.Text()), nats.Timeout(5*time.Second),
			nats.CustomInboxPrefix(Inbox(token.ID)))
		if errors.Is(err, nats.ErrAuthorization) {
			return identity.Enrolled{}, errors.New("the token is refused: it is not of this fleet, was used by another device, or has ended; ask for another one")
		}
		if err != nil {
			return identity.Enrolled{}, fmt.Errorf("cannot reach the fleet at %s: %w", i.URL, err)
		}
		defer nc.Close()
		for {
			wish, err := NewAsk(token, d, i.Facts, key)
			if err != nil {
				return identity.Enrolled{}, err
			}
			a, err := request(ctx, nc, Subject(token.ID), wish, wish.Nonce)
			switch {
			case err != nil:
				return identity.Enrolled{}, err
			case a.Refused != "":
				return identity.Enrolled{}, fmt.Errorf("refused: %s", a.Refused)
			case a.Account != nil:
				if !token.Trusts(a.Account.Trust) {
					return identity.Enrolled{}, errors.New("the fleet hands out other operator keys than those the token was made for; somebody is in between, nothing was written")
				}
				return identity.Enrolled{Device: d.String(), Issuer: a.Account.Issuer, Audience: a.Account.Audience,
					UserID: a.Account.UserID, KeyID: a.Account.KeyID, KeyUntil: a.Account.Until, Trust: a.Account.Trust}, nil
			}
			if waiting != nil {
				waiting()
				waiting = nil
			}
			select {
			case <-ctx.Done():
				return identity.Enrolled{}, fmt.Errorf("nobody approved the device yet: %w; the same token and device id go on waiting", ctx.Err())
			case <-time.After(Every):
			}
		}
	}
}

// request asks a desk, and reads the answer to just that.
func request(ctx context.Context, nc *nats.Conn, subject string, wish any, nonce string) (Answer, error) {
	text, err := json.Marshal(wish)
	if err != nil {
		return Answer{}, err
	}
	within, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	m, err := nc.RequestWithContext(within, subject, text)
	if errors.Is(err, nats.ErrNoResponders) {
		return Answer{}, errors.New("the fleet takes nobody in at the moment: no desk answers")
	}
	if err != nil {
		return Answer{}, err
	}
	var answer Answer
	if err := json.Unmarshal(m.Data, &answer); err != nil || answer.Kind != AnswerKind || answer.Nonce != nonce {
		return Answer{}, errors.New("what came back is no answer to this request")
	}
	return answer, nil
}
