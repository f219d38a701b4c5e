package attacks_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/executor/office"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity/enroll"
	"github.com/musterfleet/muster/identity/enroll/desk"
)

var (
	vic = wire.Asker{Role: "viewer", User: "vic", Name: "Vic"}
	eve = wire.Asker{Role: "enroller", User: "eve", Name: "Eve"}
)

func asViewer(s *stack) (*nats.Conn, <-chan string)   { return s.person(vic) }
func asEnroller(s *stack) (*nats.Conn, <-chan string) { return s.person(eve) }

// declined is an attack by a question that the office must answer with a refusal.
func declined(id, what string, as wire.Asker, ask func(context.Context, *office.Client) error) attack {
	return attack{id, what, func(s *stack) error {
		nc, _ := s.person(as)
		err := ask(s.t.Context(), office.NewClient(nc, as))
		if err == nil {
			return errors.New("it was done")
		}
		if !strings.Contains(err.Error(), "may not") && !strings.Contains(err.Error(), "nobody answers") {
			return fmt.Errorf("it failed for another reason: %w", err)
		}
		return nil
	}}
}

var officeAttacks = []attack{
	publishingAs(asViewer, "office-as-enroller", "ask in a greater role", wire.Asker{Role: "enroller", User: vic.User, Name: vic.Name}.Subject("change"), vic.Inbox()+".x", "{}"),
	publishingAs(asViewer, "office-as-other", "ask in somebody else's name", wire.Asker{Role: "viewer", User: "eve", Name: "Eve"}.Subject("read"), vic.Inbox()+".x", ""),
	publishingAs(asEnroller, "office-as-operator", "an enroller asks as an operator", wire.Asker{Role: "operator", User: eve.User, Name: eve.Name}.Subject("change"), eve.Inbox()+".x", "{}"),
	publishingAs(asEnroller, "office-other-name", "change the registry under another name", wire.Asker{Role: "enroller", User: eve.User, Name: "Ana"}.Subject("change"), eve.Inbox()+".x", "{}"),
	publishingAs(asViewer, "office-put-registry", "a viewer writes a label into the bucket", "$KV.devices.d1", "", "{}"),
	publishingAs(asEnroller, "office-put-desired", "an enroller publishes a desired state", "$KV.desired-state.d1", "", "{}"),
	publishingAs(asEnroller, "office-order", "an enroller orders a device about", "desired.d1", "", "{}"),
	publishingAs(asViewer, "office-consumer", "a viewer has a stream delivered elsewhere", "$JS.API.CONSUMER.CREATE.KV_devices.x", vic.Inbox()+".x", `{"config":{"deliver_subject":"$KV.desired-state.d1"}}`),
	publishingAs(asViewer, "office-purge", "a viewer purges a bucket", "$JS.API.STREAM.PURGE.KV_devices", vic.Inbox()+".x", ""),
	publishingAs(asEnroller, "office-audit", "an enroller writes into the audit", "audit.apply", "", "{}"),
	publishingAs(asViewer, "office-report", "a viewer reports as a device", "report.d1.heartbeat", "", beatOfD2),
	publishingAs(asViewer, "office-system", "a viewer asks for everybody's connections", "$SYS.REQ.SERVER.PING.CONNZ", vic.Inbox()+".x", ""),
	listeningAs(asViewer, "office-others-answers", "hear what is answered to others", eve.Inbox()+".>"),
	listeningAs(asViewer, "office-questions", "hear what others ask", "office.>"),
	listeningAs(asViewer, "office-reports", "a viewer listens to devices", "report.>"),
	listeningAs(asEnroller, "office-everything", "an enroller listens to everything", ">"),
	declined("office-viewer-revokes", "a viewer revokes a device by a question of their own", vic, func(ctx context.Context, c *office.Client) error {
		_, err := c.Change(ctx, desk.Change{Verb: desk.Revoke, Devices: []string{"d1"}})
		return err
	}),
	declined("office-viewer-offers", "a viewer makes a token to join with", vic, func(ctx context.Context, c *office.Client) error {
		return c.Offer(ctx, enroll.Offer{ID: "aaaaaaaaaa", Hash: "x", Approved: true, Until: time.Now().Add(time.Minute)})
	}),
	{"office-nested", "a question nested 200,000 deep", func(s *stack) error {
		nc, _ := s.person(eve)
		m, err := nc.Request(eve.Subject("change"), []byte(strings.Repeat("[", 200000)), 3*time.Second)
		if err != nil || len(m.Data) == 0 {
			return fmt.Errorf("it was not refused: %v", err)
		}
		return nil
	}},
	{"office-into-store", "a question whose answer is to go into the store", func(s *stack) error {
		nc, _ := s.person(vic)
		err := nc.PublishRequest(vic.Subject("read"), "$KV.desired-state.d2", nil)
		_ = nc.FlushTimeout(time.Second)
		time.Sleep(200 * time.Millisecond)
		return err
	}},
}
