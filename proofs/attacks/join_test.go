package attacks_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/enroll"
)

// join asks to join and says whether it was let in.
func (s *stack) join(token, device string, facts map[string]string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
	defer cancel()
	i := identity.EnrollmentIntent{URL: s.server.URL(), Token: token, Device: device, Facts: facts}
	_, err := i.Resolve(ctx, s.t.TempDir(), enroll.OverNATS(nil))
	return err
}

// kept is nil where a join fails with a reason that has these words.
func kept(err error, words string) error {
	switch {
	case err == nil:
		return errors.New("it joined")
	case !strings.Contains(err.Error(), words):
		return fmt.Errorf("it failed, but with %q, which does not say %q", err, words)
	}
	return nil
}

// joined has a device join for good, and takes it out again when the attack has been tried.
func (s *stack) joined(o enroll.Offer, device string) enroll.Token {
	o.Approved = true
	t := s.offer(o)
	s.must(s.join(t.Text(), device, nil))
	s.t.Cleanup(func() {})
	return t
}

func (s *stack) forget(device string) {
	_ = s.kv[wire.DevicesBucket].Purge(context.Background(), device)
}

var joinAttacks = []attack{
	{"join-made-up", "a made-up token", func(s *stack) error {
		return kept(s.join(enroll.NewToken(s.trust).Text(), "new", nil), "refused")
	}},
	{"join-wrong-secret", "the id of an offer with another secret", func(s *stack) error {
		real, other := s.offer(enroll.Offer{Approved: true}), enroll.NewToken(s.trust)
		forged := strings.Replace(other.Text(), other.ID, real.ID, 1)
		return kept(s.join(forged, "new", nil), "refused")
	}},
	{"join-ended", "a token that ended", func(s *stack) error {
		t := s.offer(enroll.Offer{Approved: true, Until: time.Now().Add(-time.Second)})
		return kept(s.join(t.Text(), "new", nil), "refused")
	}},
	{"join-twice", "the same token for a second device", func(s *stack) error {
		defer s.forget("first")
		t := s.joined(enroll.Offer{}, "first")
		return kept(s.join(t.Text(), "second", nil), "used already")
	}},
	{"join-replay", "the same token and device with another key", func(s *stack) error {
		defer s.forget("first")
		t := s.joined(enroll.Offer{}, "first")
		return kept(s.join(t.Text(), "first", nil), "used already")
	}},
	{"join-other-device", "a token made for another device", func(s *stack) error {
		t := s.offer(enroll.Offer{Approved: true, Device: algebra.MustDeviceID("meant")})
		return kept(s.join(t.Text(), "other", nil), "for another device")
	}},
	{"join-fact", "a token bound to a serial number that the device does not have", func(s *stack) error {
		t := s.offer(enroll.Offer{Approved: true, Fact: "serial", Value: "4711"})
		return kept(s.join(t.Text(), "new", map[string]string{"serial": "4712"}), "another serial")
	}},
	{"join-over-existing", "take the name of a device that is there", func(s *stack) error {
		t := s.offer(enroll.Offer{Approved: true})
		return kept(s.join(t.Text(), "d1", nil), "there is a device d1 already")
	}},
	{"join-over-revoked", "come back under a name that was revoked", func(s *stack) error {
		t := s.offer(enroll.Offer{Approved: true, Device: algebra.MustDeviceID("gone")})
		return kept(s.join(t.Text(), "gone", nil), "revoked")
	}},
	{"join-unapproved", "get tokens while nobody approved", func(s *stack) error {
		defer s.forget("eager")
		t := s.offer(enroll.Offer{})
		if err := kept(s.join(t.Text(), "eager", nil), "nobody approved"); err != nil {
			return err
		}
		return s.refused(s.token(s.claims("eager")))
	}},
	{"join-name", "join under a name that is a subject", func(s *stack) error {
		return kept(s.join(s.offer(enroll.Offer{Approved: true}).Text(), "a.>", nil), "DNS-1123")
	}},
	{"join-other-operator", "hand out other operator keys than the token was made for", func(s *stack) error {
		defer s.forget("new")
		t := enroll.NewToken([]byte("the keys of another fleet"))
		s.must(s.keep(t))
		return kept(s.join(t.Text(), "new", nil), "somebody is in between")
	}},
	{"join-no-proof", "ask with a key that one does not have", func(s *stack) error {
		t := s.offer(enroll.Offer{Approved: true})
		nc := s.joiner(t)
		defer nc.Close()
		key := otherKey(s)
		ask, err := enroll.NewAsk(t, algebra.MustDeviceID("new"), nil, key)
		s.must(err)
		stolen, err := enroll.NewAsk(t, algebra.MustDeviceID("new"), nil, otherKey(s))
		s.must(err)
		ask.Key = stolen.Key
		return unanswered(nc, t, ask)
	}},
	{"join-weak-key", "ask with a key of 1024 bits", func(s *stack) error {
		t := s.offer(enroll.Offer{Approved: true})
		nc := s.joiner(t)
		defer nc.Close()
		weak, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			return nil // Go itself makes none
		}
		ask, err := enroll.NewAsk(t, algebra.MustDeviceID("new"), nil, weak)
		if err != nil {
			return nil
		}
		return unanswered(nc, t, ask)
	}},
	{"join-other-offer", "ask under another offer's subject", func(s *stack) error {
		mine, other := s.offer(enroll.Offer{}), s.offer(enroll.Offer{Approved: true})
		nc := s.joiner(mine)
		defer nc.Close()
		denied := make(chan string, 8)
		nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err.Error() })
		s.must(nc.Publish(enroll.Subject(other.ID), []byte("{}")))
		return forbidden(denied, enroll.Subject(other.ID))
	}},
	{"join-report", "report as a device with a token to join", func(s *stack) error {
		nc := s.joiner(s.offer(enroll.Offer{}))
		defer nc.Close()
		denied := make(chan string, 8)
		nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err.Error() })
		s.must(nc.Publish("report.d1.heartbeat", []byte("{}")))
		return forbidden(denied, "report.d1.heartbeat")
	}},
	{"join-snoop", "listen to what others are answered", func(s *stack) error {
		nc := s.joiner(s.offer(enroll.Offer{}))
		defer nc.Close()
		denied := make(chan string, 8)
		nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err.Error() })
		if _, err := nc.SubscribeSync("_INBOX_join_*.>"); err != nil {
			return err
		}
		return forbidden(denied, "_INBOX_join_*.>")
	}},
	{"join-stored-secret", "find the secret of a token in the store or in a log", func(s *stack) error {
		t := s.offer(enroll.Offer{Approved: true})
		e, err := s.kv[wire.OffersBucket].Get(s.t.Context(), t.ID)
		s.must(err)
		secret := strings.Split(t.Text(), ".")[2]
		if strings.Contains(string(e.Value()), secret) || strings.Contains(s.log.String(), secret) || strings.Contains(fmt.Sprintf("%v %+v %#v %s", t, t, t, t), secret) {
			return errors.New("there it is")
		}
		return nil
	}},
}

func (s *stack) keep(t enroll.Token) error {
	o := enroll.Offer{Approved: true, Until: time.Now().Add(time.Minute)}
	return deskMake(s, o, t)
}

func (s *stack) joiner(t enroll.Token) *nats.Conn {
	nc, err := nats.Connect(s.server.URL(), nats.Token(t.Text()), nats.CustomInboxPrefix(enroll.Inbox(t.ID)))
	s.must(err)
	return nc
}
