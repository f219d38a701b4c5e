package attacks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity/enroll"
	"github.com/musterfleet/muster/identity/enroll/desk"
)

func deskMake(s *stack, o enroll.Offer, t enroll.Token) error {
	return desk.Make(context.Background(), s.kv[wire.OffersBucket], o, t)
}

// unanswered is nil where the desk gives a wish no answer, or refuses it.
func unanswered(nc *nats.Conn, t enroll.Token, ask enroll.Ask) error {
	text, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	m, err := nc.Request(enroll.Subject(t.ID), text, 500*time.Millisecond)
	if err != nil {
		return nil
	}
	var a enroll.Answer
	if err := json.Unmarshal(m.Data, &a); err != nil || a.Refused != "" {
		return nil
	}
	return fmt.Errorf("it was answered %s", m.Data)
}
