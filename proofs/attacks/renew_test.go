package attacks_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity/enroll"
)

// renewal asks the desk as device d1 for a key of the attacker's, proved by another of his.
func (s *stack) renewal(device string, at time.Time) (refused string, err error) {
	nc, _ := s.device("d1")
	defer nc.Close()
	wish, err := enroll.NewRenewal(algebra.MustDeviceID(device), otherKey(s), otherKey(s), at)
	s.must(err)
	text, err := json.Marshal(wish)
	s.must(err)
	m, err := nc.Request(wire.RenewSubject(algebra.MustDeviceID("d1")), text, time.Second)
	if err != nil {
		return "", err
	}
	var a enroll.Answer
	s.must(json.Unmarshal(m.Data, &a))
	if a.Account != nil {
		return "", fmt.Errorf("it got key %s", a.Account.KeyID)
	}
	return a.Refused, nil
}

var renewAttacks = []attack{
	{"renew-stolen-token", "have the fleet know a device by the attacker's key, with a stolen token but not its key", func(s *stack) error {
		switch refused, err := s.renewal("d1", time.Now()); {
		case err != nil:
			return err
		case refused == "":
			return errors.New("it was not refused")
		}
		return nil
	}},
	{"renew-other-device", "ask for another device's key to be changed, over one's own connection", func(s *stack) error {
		if refused, err := s.renewal("d2", time.Now()); err == nil {
			return fmt.Errorf("it was answered %q", refused)
		}
		return nil
	}},
	{"renew-replay", "show a renewal of an hour ago", func(s *stack) error {
		if refused, err := s.renewal("d1", time.Now().Add(-time.Hour)); err == nil {
			return fmt.Errorf("it was answered %q", refused)
		}
		return nil
	}},
	{"renew-other-subject", "ask under another device's subject", func(s *stack) error {
		nc, denied := s.device("d1")
		defer nc.Close()
		subject := wire.RenewSubject(algebra.MustDeviceID("d2"))
		s.must(nc.Publish(subject, []byte("{}")))
		return forbidden(denied, subject)
	}},
}
