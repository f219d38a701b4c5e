package callout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/enroll"
)

// Admission is what a connection may be: a role, and for a device which one.
type Admission struct {
	Role   identity.Role
	Device algebra.DeviceID
	// Name is what logs and the server call them, User the issuer's name for them.
	Name string
	User identity.UserID
	// Until ends the connection; zero never does.
	Until time.Time
	// Joining is the id of the token of a device that wants to join: it has no role yet, and
	// may ask that and nothing else.
	Joining string
}

// Authorizer says who a connection's token belongs to. An error refuses the connection; its
// text stays on this side.
type Authorizer func(ctx context.Context, token string) (Admission, error)

// Config is what a callout needs to know.
type Config struct {
	// Conn is in the account that the server's configuration names for the callout.
	Conn *nats.Conn
	// Issuer is the account key whose public half the server's configuration names.
	Issuer nkeys.KeyPair
	// XKey is the curve key whose public half the server's configuration names. Without one
	// tokens pass through the callout's account in clear.
	XKey      nkeys.KeyPair
	Authorize Authorizer
	// Patience is how long a question may wait for its turn; 0 is DefaultPatience. Who asked has gone
	// by then, and an answer would be work for nothing, of which there is most when a whole fleet
	// comes back at once.
	Patience time.Duration
	// Log hears each decision; nil is silence.
	Log *slog.Logger
}

// Callout decides until Stop.
type Callout struct {
	Config
	sub    *nats.Subscription
	asking sync.WaitGroup
	turns  chan struct{}
	counts [4]atomic.Uint64
}

// Counts is how many connections were let in, refused, could not be decided because what was asked
// could not be read, and were left undecided because their turn came too late.
type Counts struct{ Admitted, Refused, Malformed, Late uint64 }

const (
	// within is how long it may take to verify one token.
	within = 2500 * time.Millisecond
	// DefaultPatience is less than the time after which a server first sends a ping, which a NATS
	// client that is still waiting to be let in takes for a wrong answer.
	DefaultPatience = 1500 * time.Millisecond
	// atOnce is how many tokens are verified side by side; the others wait in the order they came,
	// or else all of them would be too slow together.
	atOnce = 64
	group  = "callout"
	// answerWithin is how long a device has to answer a question.
	answerWithin = time.Minute
)

const (
	admitted = iota
	refused
	malformed
	late
)

// Start answers questions until Stop.
func Start(c Config) (*Callout, error) {
	if c.Conn == nil || c.Issuer == nil || c.Authorize == nil {
		return nil, errors.New("callout: a connection, an issuer key and an authorizer are required")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Patience == 0 {
		c.Patience = DefaultPatience
	}
	o := &Callout{Config: c, turns: make(chan struct{}, atOnce)}
	var err error
	o.sub, err = c.Conn.QueueSubscribe("$SYS.REQ.USER.AUTH", group, func(m *nats.Msg) {
		// Each in its own goroutine: to verify may mean to ask an issuer.
		came := time.Now()
		o.asking.Go(func() {
			o.turns <- struct{}{}
			defer func() { <-o.turns }()
			if waited := time.Since(came); waited >= o.Patience {
				o.counts[late].Add(1)
				o.Log.Debug("callout: a turn came too late", "waited", waited)
				return
			}
			o.answer(m)
		})
	})
	if err == nil {
		err = c.Conn.Flush()
	}
	if err != nil {
		return nil, fmt.Errorf("callout: %w", err)
	}
	return o, nil
}

// Counts is what the callout decided so far.
func (o *Callout) Counts() Counts {
	return Counts{o.counts[admitted].Load(), o.counts[refused].Load(), o.counts[malformed].Load(), o.counts[late].Load()}
}

// Stop ends the service; the server refuses who then asks, unless another callout answers.
func (o *Callout) Stop() {
	_ = o.sub.Unsubscribe() // only fails on a closed connection
	o.asking.Wait()
}

// answer responds to one question. Unanswered, the server refuses after its timeout.
func (o *Callout) answer(m *nats.Msg) {
	data, server, err := o.open(m)
	if err != nil {
		o.counts[malformed].Add(1)
		o.Log.Warn("callout: unreadable request", "error", err)
		return
	}
	req, err := jwt.DecodeAuthorizationRequestClaims(string(data))
	if err != nil {
		o.counts[malformed].Add(1)
		o.Log.Warn("callout: unreadable request", "error", err)
		return
	}
	answer := jwt.NewAuthorizationResponseClaims(req.UserNkey)
	answer.Audience = req.Server.ID
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	a, err := o.Authorize(ctx, req.ConnectOptions.Token)
	var user *jwt.UserClaims
	if err == nil {
		user, err = userOf(req.UserNkey, a)
	}
	if err == nil {
		answer.Jwt, err = user.Encode(o.Issuer)
	}
	if err != nil {
		o.counts[refused].Add(1)
		o.Log.Info("refused", "host", req.ClientInformation.Host, "client", req.ConnectOptions.Name, "reason", err)
		answer.Error = "refused" // what is wrong with a token is not for who showed it
	} else {
		o.counts[admitted].Add(1)
		o.Log.Info("admitted", "host", req.ClientInformation.Host, "role", a.Role, "name", user.Name, "until", a.Until)
	}
	text, err := answer.Encode(o.Issuer)
	if err != nil {
		o.Log.Error("callout: cannot answer", "error", err)
		return
	}
	reply := []byte(text)
	if server != "" {
		if reply, err = o.XKey.Seal(reply, server); err != nil {
			o.Log.Error("callout: cannot seal", "error", err)
			return
		}
	}
	_ = m.Respond(reply)
}

// open is the question in clear, and the server's curve key if it was sealed. With a key of its
// own the callout takes no other: a server that sends in clear is not configured as it should.
func (o *Callout) open(m *nats.Msg) (data []byte, server string, err error) {
	server = m.Header.Get("Nats-Server-Xkey")
	switch {
	case o.XKey == nil && server == "":
		return m.Data, "", nil
	case o.XKey == nil:
		return nil, "", errors.New("the server encrypts, and there is no key here; give the callout its xkey")
	case server == "":
		return nil, "", errors.New("the server does not encrypt; set xkey in its auth_callout")
	}
	data, err = o.XKey.Open(m.Data, server)
	return data, server, err
}

// userOf is a user with the permissions of its role, and no others.
func userOf(key string, a Admission) (*jwt.UserClaims, error) {
	user := jwt.NewUserClaims(key)
	if !a.Until.IsZero() {
		user.Expires = a.Until.Unix()
	}
	if a.Joining != "" {
		user.Name, user.Audience = "joining-"+a.Joining, "DEVICES"
		user.Pub.Allow.Add(enroll.Subject(a.Joining))
		user.Sub.Allow.Add(enroll.Inbox(a.Joining) + ".>")
		return user, nil
	}
	switch a.Role {
	case identity.Device:
		if a.Device.IsZero() {
			return nil, errors.New("a device without an id")
		}
		user.Name, user.Audience = wire.Token(a.Device), "DEVICES"
		user.Pub.Allow.Add(wire.DeviceMayPublish(a.Device)...)
		user.Sub.Allow.Add(wire.DeviceMaySubscribe(a.Device)...)
		// It may answer what it is asked, once, and nothing else that it did not hear.
		user.Resp = &jwt.ResponsePermission{MaxMsgs: 1, Expires: answerWithin}
		return user, nil
	case identity.Operator, identity.Deployer:
		user.Name, user.Audience = a.Name, "FLEET"
		return user, nil
	case identity.Viewer, identity.Enroller:
		if a.User.IsZero() {
			return nil, errors.New("a person without an id")
		}
		as := wire.Asker{Role: a.Role.String(), User: a.User.String(), Name: a.Name}
		user.Name, user.Audience = a.Name, "PEOPLE"
		user.Pub.Allow.Add(as.Prefix() + ".*")
		user.Sub.Allow.Add(as.Inbox() + ".>")
		return user, nil
	}
	return nil, fmt.Errorf("role %s has no place on the broker", a.Role)
}
