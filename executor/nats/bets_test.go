package nats_test

// The bets the wire is built on, each settled on a real server before anything relies on it.
// The configuration here is written out by hand on purpose: it is what the server must do,
// not what our own code asks of it (that is server_test.go).

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

const betsConfig = `
listen: "127.0.0.1:-1"
jetstream: { store_dir: %q }
accounts: {
  AUTH: { users: [{user: auth, password: auth}] }
  SYS: {}
  DEVICES: {
    exports: [{stream: "report.>", accounts: [FLEET]}]
    imports: [
      {service: {account: FLEET, subject: "hub.>"}, share: true}
      {stream: {account: FLEET, subject: "desired.>"}}
    ]
  }
  FLEET: {
    jetstream: enabled
    users: [{user: hub, password: hub}]
    exports: [{service: "hub.>", accounts: [DEVICES]}, {stream: "desired.>", accounts: [DEVICES]}]
    imports: [{stream: {account: DEVICES, subject: "report.>"}}]
  }
}
system_account: SYS
authorization: { timeout: 3, auth_callout: {
  issuer: %s, account: AUTH, auth_users: [auth, hub], allowed_accounts: [DEVICES] } }
`

// bets is a server with a callout that takes any connection's token for a device's token.
func bets(t *testing.T) *server.Server {
	t.Helper()
	issuer, _ := nkeys.CreateAccount()
	public, _ := issuer.PublicKey()
	opts := &server.Options{NoLog: true, NoSigs: true}
	must(t, opts.ProcessConfigString(fmt.Sprintf(betsConfig, t.TempDir(), public)))
	s, err := server.NewServer(opts)
	must(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(5 * time.Second) {
		t.Fatal("server is not ready")
	}
	auth := dial(t, s, nats.UserInfo("auth", "auth"), nats.InProcessServer(s))
	_, err = auth.Subscribe("$SYS.REQ.USER.AUTH", func(m *nats.Msg) {
		req, err := jwt.DecodeAuthorizationRequestClaims(string(m.Data))
		if err != nil {
			return
		}
		device := req.ConnectOptions.Token
		answer := jwt.NewAuthorizationResponseClaims(req.UserNkey)
		answer.Audience = req.Server.ID
		if device == "" || device == "stranger" {
			answer.Error = "not a device"
		} else {
			user := jwt.NewUserClaims(req.UserNkey)
			user.Name, user.Audience = device, "DEVICES"
			user.Pub.Allow.Add("report."+device+".>", "hub.get."+device)
			user.Sub.Allow.Add("desired."+device, "_INBOX_"+device+".>")
			answer.Jwt, _ = user.Encode(issuer)
		}
		text, _ := answer.Encode(issuer)
		_ = m.Respond([]byte(text))
	})
	must(t, err)
	must(t, auth.Flush())
	return s
}

func TestBets(t *testing.T) {
	s := bets(t)
	hub := dial(t, s, nats.UserInfo("hub", "hub"), nats.InProcessServer(s))
	d1, denied1 := device(t, s, "d1")
	dotted, _ := device(t, s, "d1=host=example=org") // d1.host.example.org

	t.Run("the callout refuses who is no device", func(t *testing.T) {
		for _, token := range []string{"", "stranger"} {
			if _, err := nats.Connect(s.ClientURL(), nats.Token(token)); err == nil {
				t.Errorf("token %q connected", token)
			}
		}
	})

	t.Run("a report reaches the queue group in FLEET once", func(t *testing.T) {
		a, err := hub.QueueSubscribeSync("report.>", "hub")
		must(t, err)
		b, err := hub.QueueSubscribeSync("report.>", "hub")
		must(t, err)
		must(t, hub.Flush())
		must(t, dotted.Publish("report.d1=host=example=org.info", nil))
		must(t, d1.Publish("report.d1.info", nil))
		eventually(t, func() bool { na, _, _ := a.Pending(); nb, _, _ := b.Pending(); return na+nb == 2 })
		must(t, d1.Publish("report.d2.info", nil))
		must(t, d1.Publish("report.d1=host=example=org.info", nil))
		expectDenied(t, denied1, "report.d2.info", "report.d1=host=example=org.info")
		time.Sleep(20 * time.Millisecond)
		if na, _, _ := a.Pending(); na > 2 {
			t.Errorf("%d reports, want 2", na)
		}
	})

	t.Run("a bucket's writes reach only their device, with both sequences", func(t *testing.T) {
		js, err := jetstream.New(hub)
		must(t, err)
		kv, err := js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{
			Bucket:    "desired-state",
			RePublish: &jetstream.RePublish{Source: "$KV.desired-state.>", Destination: "desired.>"},
		})
		must(t, err)
		_, err = d1.SubscribeSync("desired.>")
		must(t, err)
		expectDenied(t, denied1, "desired.>")
		_, err = d1.SubscribeSync("desired.$KV.desired-state.d1")
		must(t, err)
		expectDenied(t, denied1, "desired.$KV.desired-state.d1")
		mine, err := d1.SubscribeSync("desired.d1")
		must(t, err)
		theirs, err := dotted.SubscribeSync("desired.d1=host=example=org")
		must(t, err)
		must(t, d1.Flush())
		must(t, dotted.Flush())
		for _, key := range []string{"d1", "d1=host=example=org", "d1"} {
			_, err = kv.Put(t.Context(), key, []byte(key))
			must(t, err)
		}
		for i, want := range []struct{ seq, last string }{{"1", "0"}, {"3", "1"}} {
			m, err := mine.NextMsg(time.Second)
			must(t, err)
			if h := m.Header; string(m.Data) != "d1" || h.Get("Nats-Sequence") != want.seq || h.Get("Nats-Last-Sequence") != want.last {
				t.Errorf("message %d: %q with %v, want sequences %v", i, m.Data, h, want)
			}
		}
		m, err := theirs.NextMsg(time.Second)
		must(t, err)
		if string(m.Data) != "d1=host=example=org" {
			t.Errorf("the dotted device got %q", m.Data)
		}
		if m, err := mine.NextMsg(20 * time.Millisecond); err == nil {
			t.Errorf("d1 also got %q", m.Data)
		}
	})

	t.Run("a device does no JetStream and hears nobody else", func(t *testing.T) {
		js, err := jetstream.New(d1)
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := js.KeyValue(ctx, "desired-state"); err == nil {
			t.Error("a device opened a bucket")
		}
		for _, subject := range []string{"$JS.API.INFO", "$KV.desired-state.d1", "desired.d1", "hub.get.d2", "_INBOX_d2.x", "hub.get"} {
			must(t, d1.Publish(subject, nil))
			expectDenied(t, denied1, subject)
		}
		for _, subject := range []string{"desired.d2", "desired.*", "_INBOX_d2.>", "_INBOX.>", "report.>", "hub.get.d1", "$SYS.>"} {
			_, err := d1.SubscribeSync(subject)
			must(t, err)
			expectDenied(t, denied1, subject)
		}
	})

	t.Run("the hub learns who asked, and must not trust it", func(t *testing.T) {
		_, err := hub.QueueSubscribe("hub.get.*", "hub", func(m *nats.Msg) {
			reply, _ := json.Marshal(m.Header["Nats-Request-Info"])
			_ = m.Respond(reply)
		})
		must(t, err)
		must(t, hub.Flush())

		ask := nats.NewMsg("hub.get.d1")
		ask.Header.Add("Nats-Request-Info", `{"user":"d2"}`)
		ask.Header.Add("Nats-Request-Info", `{"user":"d2"}`)
		reply, err := d1.RequestMsg(ask, time.Second)
		must(t, err)
		if who := users(t, reply.Data); who != "d1" {
			t.Errorf("asked plainly, the hub was told %q, want d1 alone", who)
		}

		// The server finds the header by its \r\n, the client library also takes \n, and
		// reads no further than the first empty line, behind which the server writes.
		forged := "NATS/1.0\nNats-Request-Info: {\"user\":\"d2\"}\n\n\r\n\r\n"
		if who := users(t, raw(t, s, "d1", forged)); who != "d2" {
			t.Errorf("the forged header was seen as %q: if the server refuses it now, say so in doc.go", who)
		}
		// A header that ends a value with its own name twice escapes the server's removal.
		forged = "NATS/1.0\r\nX: Nats-Request-InfoNats-Request-Info\r\nNats-Request-Info: {\"user\":\"d2\"}\r\n\r\n"
		if who := users(t, raw(t, s, "d1", forged)); who != "d2,d1" {
			t.Errorf("the doubled header was seen as %q: if the server removes it now, say so in doc.go", who)
		}
	})
}

// raw speaks the protocol itself, as d1, and returns the payload of the answer to a request.
func raw(t *testing.T, s *server.Server, token, header string) []byte {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	must(t, err)
	defer c.Close()
	must(t, c.SetDeadline(time.Now().Add(2*time.Second)))
	fmt.Fprintf(c, "CONNECT {\"auth_token\":%q,\"verbose\":false,\"headers\":true,\"no_responders\":true,\"protocol\":1}\r\n", token)
	fmt.Fprintf(c, "SUB _INBOX_%s.x 1\r\nHPUB hub.get.%s _INBOX_%s.x %d %d\r\n%s\r\nPING\r\n", token, token, token, len(header), len(header), header)
	for r := bufio.NewReader(c); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("raw request: %v", err)
		}
		if strings.HasPrefix(line, "MSG ") {
			body, err := r.ReadString('\n')
			must(t, err)
			return []byte(strings.TrimSpace(body))
		}
	}
}

// users lists the users that the values of Nats-Request-Info name.
func users(t *testing.T, values []byte) string {
	t.Helper()
	var texts, names []string
	must(t, json.Unmarshal(values, &texts))
	for _, text := range texts {
		var info struct{ User string }
		must(t, json.Unmarshal([]byte(text), &info))
		names = append(names, info.User)
	}
	return strings.Join(names, ",")
}

// device connects over TCP with a device's token; what it was denied arrives on the channel.
func device(t *testing.T, s *server.Server, token string) (*nats.Conn, <-chan string) {
	denied := make(chan string, 64)
	return dial(t, s, nats.Token(token), nats.CustomInboxPrefix("_INBOX_"+token),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err.Error() })), denied
}

func dial(t *testing.T, s *server.Server, opts ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(s.ClientURL(), opts...)
	must(t, err)
	t.Cleanup(nc.Close)
	return nc
}

// expectDenied waits for a refusal that names each subject, in this order.
func expectDenied(t *testing.T, denied <-chan string, subjects ...string) {
	t.Helper()
	for _, subject := range subjects {
		for found := false; !found; {
			select {
			case text := <-denied:
				found = strings.Contains(strings.ToLower(text), "permissions violation") && strings.Contains(text, `"`+subject+`"`)
			case <-time.After(time.Second):
				t.Fatalf("%s was not denied", subject)
			}
		}
	}
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen within 5 s")
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
