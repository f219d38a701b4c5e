package attacks_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// forbidden waits until the server denied a subject.
func forbidden(denied <-chan string, subject string) error {
	for end := time.After(3 * time.Second); ; {
		select {
		case text := <-denied:
			if strings.Contains(strings.ToLower(text), "permissions violation") && strings.Contains(text, `"`+subject+`"`) {
				return nil
			}
		case <-end:
			return fmt.Errorf("%s was not denied", subject)
		}
	}
}

// publishing is an attack by publishing on a subject as d1; reply may be empty.
func publishing(id, what, subject, reply, payload string) attack {
	return publishingAs(d1, id, what, subject, reply, payload)
}

func d1(s *stack) (*nats.Conn, <-chan string) { return s.device("d1") }

func publishingAs(as func(*stack) (*nats.Conn, <-chan string), id, what, subject, reply, payload string) attack {
	return attack{id, what, func(s *stack) error {
		nc, denied := as(s)
		if err := nc.PublishMsg(&nats.Msg{Subject: subject, Reply: reply, Data: []byte(payload)}); err != nil {
			return err
		}
		return forbidden(denied, subject)
	}}
}

// listening is an attack by subscribing to a subject as d1.
func listening(id, what, subject string) attack { return listeningAs(d1, id, what, subject) }

func listeningAs(as func(*stack) (*nats.Conn, <-chan string), id, what, subject string) attack {
	return attack{id, what, func(s *stack) error {
		nc, denied := as(s)
		sub, err := nc.SubscribeSync(subject)
		if err != nil {
			return err
		}
		if err := forbidden(denied, subject); err != nil {
			return err
		}
		s.issuerNoise()
		if m, err := sub.NextMsg(50 * time.Millisecond); err == nil {
			return fmt.Errorf("it heard %q", m.Data)
		}
		return nil
	}}
}

// issuerNoise is traffic of others that a listener would hear.
func (s *stack) issuerNoise() {
	d2, _ := s.device("d2")
	beat := wire.Heartbeat{Device: algebra.MustDeviceID("d2"), Sequence: 1}
	_ = d2.Publish(beat.Subject(), wire.Encode(beat))
	_, _ = d2.Request(wire.RequestSubject(beat.Device), wire.Encode(wire.AskState{Device: beat.Device, Nonce: "n"}), time.Second)
	d2.Close()
}

// dropped is a report that the server lets through and the hub must not store.
func dropped(id, what, subject string, payload func() []byte) attack {
	return attack{id, what, func(s *stack) error {
		nc, _ := s.device("d1")
		if err := nc.Publish(subject, payload()); err != nil && !errors.Is(err, nats.ErrMaxPayload) {
			return err
		}
		_ = nc.FlushTimeout(time.Second)
		time.Sleep(50 * time.Millisecond) // for the hub; the records are compared after this
		return nil
	}}
}

var beatOfD2 = string(wire.Encode(wire.Heartbeat{Device: algebra.MustDeviceID("d2"), Sequence: 99}))

var wireAttacks = []attack{
	publishing("wire-report-as-other", "report as another device", "report.d2.heartbeat", "", beatOfD2),
	publishing("wire-ask-as-other", "ask the hub for another device's desired state", "hub.get.d2", "_INBOX_d1.x", `{"kind":"AskState","device":"d2","nonce":"n"}`),
	publishing("wire-order-itself", "publish a desired state for oneself", "desired.d1", "", "{}"),
	publishing("wire-order-other", "publish a desired state for another", "desired.d2", "", "{}"),
	publishing("wire-put-own-key", "write one's own key of the store", "$KV.desired-state.d1", "", "{}"),
	publishing("wire-put-registry", "write one's own labels", "$KV.devices.d1", "", "{}"),
	publishing("wire-stream-info", "list all keys by the stream's information", "$JS.API.STREAM.INFO.KV_devices", "_INBOX_d1.x", `{"subjects_filter":">"}`),
	publishing("wire-stream-purge", "purge a bucket", "$JS.API.STREAM.PURGE.KV_desired-state", "_INBOX_d1.x", ""),
	publishing("wire-stream-delete", "delete a bucket", "$JS.API.STREAM.DELETE.KV_desired-state", "_INBOX_d1.x", ""),
	publishing("wire-direct-get", "read another's key from the store", "$JS.API.DIRECT.GET.KV_desired-state.$KV.desired-state.d2", "_INBOX_d1.x", ""),
	publishing("wire-direct-get-batch", "read many keys at once", "$JS.API.DIRECT.GET.KV_desired-state", "_INBOX_d1.x", `{"multi_last":["$KV.desired-state.>"],"batch":100}`),
	publishing("wire-consumer-create", "create a consumer with a wider filter", "$JS.API.CONSUMER.CREATE.KV_desired-state.x.$KV.desired-state.>", "_INBOX_d1.x", "{}"),
	publishing("wire-jetstream-info", "ask whether there is JetStream", "$JS.API.INFO", "_INBOX_d1.x", ""),
	publishing("wire-system-ping", "ask the servers of the cluster for their connections", "$SYS.REQ.SERVER.PING.CONNZ", "_INBOX_d1.x", ""),
	publishing("wire-system-kick", "end another's connection", "$SYS.REQ.SERVER.X.KICK", "_INBOX_d1.x", `{"cid":1}`),
	publishing("wire-callout", "ask the callout", "$SYS.REQ.USER.AUTH", "_INBOX_d1.x", "x"),
	publishing("wire-join", "ask to join without a token", "hub.join.abcdefghij", "_INBOX_d1.x", "{}"),
	publishing("wire-other-inbox", "answer another device's question", "_INBOX_d2.x", "", "{}"),
	publishing("wire-wildcard-publish", "publish on a wildcard", "report.*.heartbeat", "", "{}"),
	publishing("wire-audit", "write into the audit", "audit.apply", "", "{}"),
	publishing("wire-ask-other", "ask another device for its logs", "ask.d2", "_INBOX_d1.x", `{"kind":"AskLogs","device":"d2","nonce":"n","app":"web"}`),
	publishing("wire-ask-oneself", "ask in the fleet's place", "ask.d1", "_INBOX_d1.x", `{"kind":"AskDoctor","device":"d1","nonce":"n"}`),
	publishing("wire-secret-of-other", "ask the hub for another device's secret", "hub.get.d2", "_INBOX_d1.x", `{"kind":"AskSecret","device":"d2","nonce":"n","name":"db-password"}`),
	publishing("wire-put-operator-keys", "put operator keys of one's own", "$KV.operator-keys.keys", "", "{}"),
	listening("wire-asked-other", "answer what another device is asked", "ask.d2"),
	listening("wire-asked-all", "answer what all devices are asked", "ask.>"),
	listening("wire-listen-other", "follow another device's desired state", "desired.d2"),
	listening("wire-listen-all", "follow all desired states", "desired.>"),
	listening("wire-listen-star", "follow desired states by a wildcard", "desired.*"),
	listening("wire-inboxes", "listen to all answers", "_INBOX.>"),
	listening("wire-other-inboxes", "listen to another device's answers", "_INBOX_d2.>"),
	listening("wire-inbox-prefix", "listen to inboxes by a wildcard", "*.>"),
	listening("wire-reports", "listen to what all report", "report.>"),
	listening("wire-requests", "serve requests in the hub's place", "hub.get.*"),
	listening("wire-everything", "listen to everything", ">"),
	listening("wire-system", "listen to the system's events", "$SYS.>"),
	listening("wire-keys", "watch the store's keys", "$KV.>"),
	{"wire-longer-name", "hear a device whose name begins as one's own", func(s *stack) error {
		nc, denied := s.device("d1")
		if _, err := nc.SubscribeSync("desired.d1=site"); err != nil {
			return err
		}
		return forbidden(denied, "desired.d1=site")
	}},
	dropped("wire-content-of-other", "report under one's own name what another is said to run", "report.d1.heartbeat", func() []byte { return []byte(beatOfD2) }),
	dropped("wire-unknown-kind", "a report of a kind that nobody knows", "report.d1.info", func() []byte { return []byte(`{"kind":"Order","device":"d1"}`) }),
	dropped("wire-registry-by-report", "a registry entry for a report", "report.d1.info", func() []byte {
		return []byte(`{"kind":"DeviceEntry","device":"d1","lifecycle":"enrolled","labels":{"admin":"yes"}}`)
	}),
	dropped("wire-oversize", "a report of two megabytes", "report.d1.info", func() []byte { return make([]byte, 2<<20) }),
	dropped("wire-nested", "a report nested 200,000 deep", "report.d1.info", func() []byte {
		return []byte(`{"kind":"DeviceInfo","device":"d1","facts":` + strings.Repeat("[", 200000) + strings.Repeat("]", 200000) + `}`)
	}),
	dropped("wire-other-token", "a report under a subject with more tokens", "report.d1.state.web.x", func() []byte {
		return wire.Encode(wire.AppState{Device: algebra.MustDeviceID("d1"), App: algebra.MustApp("web")})
	}),
	{"wire-rollup-header", "a report whose header would delete all others' keys", func(s *stack) error {
		nc, _ := s.device("d1")
		m := nats.NewMsg("report.d1.heartbeat")
		m.Header.Set("Nats-Rollup", "all")
		m.Data = []byte(beatOfD2)
		err := nc.PublishMsg(m)
		_ = nc.FlushTimeout(time.Second)
		time.Sleep(50 * time.Millisecond)
		return err
	}},
	{"wire-reply-into-store", "a question whose answer is to go into the store", func(s *stack) error {
		nc, _ := s.device("d1")
		err := nc.PublishRequest("hub.get.d1", "$KV.desired-state.d2", wire.Encode(wire.AskState{Device: algebra.MustDeviceID("d1"), Nonce: "n"}))
		_ = nc.FlushTimeout(time.Second)
		time.Sleep(100 * time.Millisecond)
		return err
	}},
	{"wire-forged-sender", "a question with a forged note of who asks", func(s *stack) error {
		nc, _ := s.device("d1")
		m := nats.NewMsg("hub.get.d1")
		m.Header.Set("Nats-Request-Info", `{"user":"d2"}`)
		m.Data = wire.Encode(wire.AskState{Device: algebra.MustDeviceID("d2"), Nonce: "n"})
		reply, err := nc.RequestMsg(m, 2*time.Second)
		if err != nil {
			return nil // no answer is no gain
		}
		if decoded, err := wire.Decode(reply.Data); err == nil {
			if _, refused := decoded.(wire.Refusal); !refused {
				return fmt.Errorf("it was answered %s", reply.Data)
			}
		}
		return nil
	}},
	{"wire-revoked-report", "report over a connection that was made before the revocation", func(s *stack) error {
		s.enter("leaving", algebra.Enrolled)
		nc, _ := s.device("leaving")
		s.enter("leaving", algebra.Revoked)
		time.Sleep(100 * time.Millisecond)
		m := wire.DeviceInfo{Device: algebra.MustDeviceID("leaving"), Facts: map[string]string{"arch": "x86_64"}}
		if err := nc.Publish(m.Subject(), wire.Encode(m)); err != nil {
			return err
		}
		_ = nc.FlushTimeout(time.Second)
		time.Sleep(50 * time.Millisecond)
		if _, err := s.kv[wire.InfoBucket].Get(s.t.Context(), "leaving"); err == nil {
			return errors.New("it was stored")
		}
		s.must(s.kv[wire.DevicesBucket].Purge(s.t.Context(), "leaving"))
		return nil
	}},
}
