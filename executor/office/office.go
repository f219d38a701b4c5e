package office

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	fleet "github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/enroll"
	"github.com/musterfleet/muster/identity/enroll/desk"
)

// verbs are what can be asked, and the least role that may.
var verbs = map[string]struct {
	role identity.Role
	do   func(*Office, context.Context, question) error
}{
	"read":   {identity.Viewer, (*Office).read},
	"spec":   {identity.Viewer, (*Office).spec},
	"plan":   {identity.Viewer, (*Office).plan},
	"audit":  {identity.Viewer, (*Office).audit},
	"told":   {identity.Viewer, (*Office).told},
	"change": {identity.Enroller, (*Office).change},
	"offer":  {identity.Enroller, (*Office).offer},
}

// Office answers until Stop.
type Office struct {
	nc              *nats.Conn
	log             *slog.Logger
	transport       *fleet.Transport
	devices, offers jetstream.KeyValue
	sub             *nats.Subscription
	asking          sync.WaitGroup
	busy            chan struct{}
}

// question is one of somebody, and the answer under way.
type question struct {
	by   wire.Asker
	body []byte
	*answer
}

const (
	group = "office"
	// atOnce bounds the answers under way: one may hold a whole fleet.
	atOnce = 4
	within = 5 * time.Minute
)

// Start answers on a connection to account FLEET whose buckets exist. Any number of offices
// share the work.
func Start(ctx context.Context, nc *nats.Conn, log *slog.Logger) (*Office, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	o := &Office{nc: nc, log: log, busy: make(chan struct{}, atOnce)}
	js, err := jetstream.New(nc)
	if err == nil {
		o.transport, err = fleet.NewTransport(ctx, nc)
	}
	if err == nil {
		o.devices, err = js.KeyValue(ctx, wire.DevicesBucket)
	}
	if err == nil {
		o.offers, err = js.KeyValue(ctx, wire.OffersBucket)
	}
	if err == nil {
		o.sub, err = nc.QueueSubscribe(wire.AllOffice, group, func(m *nats.Msg) { o.asking.Go(func() { o.serve(m) }) })
	}
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		return nil, fmt.Errorf("office: %w", err)
	}
	return o, nil
}

// Stop ends the service when what was asked is answered.
func (o *Office) Stop() {
	_ = o.sub.Unsubscribe() // only fails on a closed connection
	o.asking.Wait()
}

func (o *Office) serve(m *nats.Msg) {
	if m.Reply == "" {
		return
	}
	o.busy <- struct{}{}
	defer func() { <-o.busy }()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	a := &answer{to: m, nc: o.nc}
	by, verb, err := wire.ParseOfficeSubject(m.Subject)
	if err == nil {
		err = o.answer(ctx, verb, question{by, m.Data, a})
	}
	if err != nil {
		o.log.Info("office: refused", "by", by.Name, "role", by.Role, "verb", verb, "reason", err)
	}
	if err := a.end(err); err != nil {
		o.log.Error("office: cannot answer", "by", by.Name, "verb", verb, "error", err)
	}
}

func (o *Office) answer(ctx context.Context, verb string, q question) error {
	v, ok := verbs[verb]
	if !ok {
		return fmt.Errorf("nothing answers to %q here; is muster at both ends of the same version?", verb)
	}
	role, err := identity.ParseRole(q.by.Role)
	if err != nil {
		return err
	}
	if !role.Includes(v.role) {
		return fmt.Errorf("role %s may not %s; ask somebody who is %s", role, verb, v.role)
	}
	return v.do(o, ctx, q)
}

func (o *Office) read(ctx context.Context, q question) error {
	var failed error
	err := o.transport.Each(ctx, func(r executor.Record) bool {
		failed = q.line(r)
		return failed == nil
	})
	return errors.Join(err, failed)
}

func (o *Office) spec(ctx context.Context, q question) error {
	var digest algebra.Digest
	if err := json.Unmarshal(q.body, &digest); err != nil {
		return err
	}
	text, err := o.transport.StoredSpec(ctx, digest)
	if errors.Is(err, executor.ErrNoSpec) {
		return nil // no line: there is none
	}
	if err != nil {
		return err
	}
	return q.line(json.RawMessage(text))
}

// planAsked is a part of a stored plan.
type planAsked struct {
	Sealed algebra.Digest `json:"sealed"`
	Part   int            `json:"part"`
}

func (o *Office) plan(ctx context.Context, q question) error {
	var which planAsked
	if err := json.Unmarshal(q.body, &which); err != nil {
		return err
	}
	part, err := o.transport.PlanPart(ctx, which.Sealed, which.Part)
	if errors.Is(err, executor.ErrNoPlan) {
		return nil // no line: there is none
	}
	if err != nil {
		return err
	}
	return q.line(part)
}

func (o *Office) audit(ctx context.Context, q question) error {
	var since time.Time
	if err := json.Unmarshal(q.body, &since); err != nil {
		return err
	}
	var failed error
	err := fleet.Audited(ctx, o.nc, since, func(e fleet.AuditEntry) bool {
		failed = q.line(e)
		return failed == nil
	})
	return errors.Join(err, failed)
}

func (o *Office) told(ctx context.Context, q question) error {
	all, err := o.transport.Summaries(ctx)
	if err != nil {
		return err
	}
	for key, text := range all {
		if err := q.line(map[string]json.RawMessage{key: text}); err != nil {
			return err
		}
	}
	return nil
}

func (o *Office) change(ctx context.Context, q question) error {
	var c desk.Change
	if err := json.Unmarshal(q.body, &c); err != nil {
		return err
	}
	entries, err := desk.Do(ctx, o.devices, c, q.by.Name, func(e wire.DeviceEntry) error {
		return o.record(ctx, q, string(c.Verb), e.Device.String(), map[string]string{"reason": c.Reason})
	})
	for _, e := range entries {
		err = errors.Join(err, q.line(json.RawMessage(wire.Encode(e))))
	}
	return err
}

func (o *Office) offer(ctx context.Context, q question) error {
	offer, err := enroll.ParseOffer(q.body)
	if err != nil {
		return err
	}
	offer.By, offer.Taken = q.by.Name, nil
	if err := desk.Keep(ctx, o.offers, offer); err != nil {
		return err
	}
	return o.record(ctx, q, "enroll", offer.ID, map[string]string{"device": offer.Device.String()})
}

// record puts on record what was done, and as what.
func (o *Office) record(ctx context.Context, q question, action, subject string, detail map[string]string) error {
	detail["role"], detail["user"] = q.by.Role, q.by.User
	return fleet.Audit(ctx, o.nc, fleet.AuditEntry{At: time.Now().UTC(), By: q.by.Name, Action: action, Subject: subject, Detail: detail})
}

// lines are the lines of a part.
func lines(part []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for line := range bytes.Lines(part) {
			if !yield(bytes.TrimSuffix(line, []byte("\n"))) {
				return
			}
		}
	}
}
