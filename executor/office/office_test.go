package office_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	fleet "github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/office"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/callout"
	"github.com/musterfleet/muster/identity/enroll/desk"
)

// open starts a server at which everybody is the viewer vic, with devices and an office.
func open(t *testing.T, devices int) (ops *nats.Conn, vic *office.Client, conn *nats.Conn, as wire.Asker) {
	t.Helper()
	as = wire.Asker{Role: "viewer", User: "vic|1", Name: "Vic Ü."}
	user, _ := identity.ParseUserID(as.User)
	server, err := fleet.Start(fleet.ServerConfig{Dir: t.TempDir(), Authorize: func(context.Context, string) (callout.Admission, error) {
		return callout.Admission{Role: identity.Viewer, User: user, Name: as.Name}, nil
	}})
	must(t, err)
	t.Cleanup(server.Stop)
	ops, err = server.Connect()
	must(t, err)
	t.Cleanup(ops.Close)
	must(t, fleet.CreateBuckets(t.Context(), ops))
	transport, err := fleet.NewTransport(t.Context(), ops)
	must(t, err)
	var writes []executor.Write
	for i := range devices {
		writes = append(writes, executor.SetEntry{Entry: wire.DeviceEntry{Device: algebra.MustDeviceID(fmt.Sprintf("edge-%05d", i)),
			Lifecycle: algebra.Enrolled, Labels: map[string]string{"site": "berlin"}, SetBy: "test", At: time.Now().UTC()}})
	}
	_, err = transport.Write(t.Context(), writes)
	must(t, err)
	o, err := office.Start(t.Context(), ops, nil)
	must(t, err)
	t.Cleanup(o.Stop)
	conn, err = nats.Connect(server.URL(), nats.Token("any"), nats.CustomInboxPrefix(as.Inbox()))
	must(t, err)
	t.Cleanup(conn.Close)
	return ops, office.NewClient(conn, as), conn, as
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestReadsWhatIsThere: an answer of many parts is what the buckets have.
func TestReadsWhatIsThere(t *testing.T) {
	ops, vic, _, _ := open(t, 3000)
	transport, err := fleet.NewTransport(t.Context(), ops)
	must(t, err)
	want, err := transport.Read(t.Context())
	must(t, err)
	have, err := vic.Read(t.Context())
	must(t, err)
	if len(have.Devices) != 3000 {
		t.Fatalf("%d devices", len(have.Devices))
	}
	if text(t, have) != text(t, want) {
		t.Error("the office reads something else than there is")
	}
	none, err := algebra.ParseDigest("sha256:" + strings.Repeat("0", 64))
	must(t, err)
	if _, err := vic.Spec(t.Context(), none); !errors.Is(err, executor.ErrNoSpec) {
		t.Errorf("a spec that is not there: %v", err)
	}
}

func text(t *testing.T, r executor.Records) string {
	t.Helper()
	b, err := json.Marshal(r)
	must(t, err)
	return string(b)
}

// TestRoleIsEnough: what a role does not include is refused, and leaves nothing.
func TestRoleIsEnough(t *testing.T) {
	_, vic, conn, as := open(t, 1)
	_, err := vic.Change(t.Context(), desk.Change{Verb: desk.Revoke, Devices: []string{"edge-00000"}})
	if err == nil || !strings.Contains(err.Error(), "role viewer may not change; ask somebody who is enroller") {
		t.Errorf("a viewer revokes: %v", err)
	}
	records, err := vic.Read(t.Context())
	must(t, err)
	if e := records.Devices[algebra.MustDeviceID("edge-00000")].Entry.Value; e.Lifecycle != algebra.Enrolled {
		t.Errorf("the device is %s", e.Lifecycle)
	}
	m, err := conn.Request(as.Subject("fly"), nil, 3*time.Second)
	must(t, err)
	if !strings.Contains(string(m.Data), `nothing answers to "fly"`) {
		t.Errorf("an unknown question: %s", m.Data)
	}
}

// TestLostPartIsAnError: an answer that lost a part is no smaller fleet.
func TestLostPartIsAnError(t *testing.T) {
	server, err := fleet.Start(fleet.ServerConfig{Dir: t.TempDir(), Authorize: func(context.Context, string) (callout.Admission, error) {
		return callout.Admission{Role: identity.Operator, Name: "ana"}, nil
	}})
	must(t, err)
	t.Cleanup(server.Stop)
	nc, err := server.Connect()
	must(t, err)
	t.Cleanup(nc.Close)
	as := wire.Asker{Role: "viewer", User: "vic", Name: "Vic"}
	_, err = nc.Subscribe(wire.AllOffice, func(m *nats.Msg) {
		end := nats.NewMsg(m.Reply)
		end.Header.Set("Office-End", "2") // of which none came
		_ = nc.PublishMsg(end)
	})
	must(t, err)
	if _, err := office.NewClient(nc, as).Read(t.Context()); err == nil || !strings.Contains(err.Error(), "had 2 parts and 0 came") {
		t.Errorf("a lost part: %v", err)
	}
}

// TestNobodyAnswers says what is missing at once.
func TestNobodyAnswers(t *testing.T) {
	server, err := fleet.Start(fleet.ServerConfig{Dir: t.TempDir(), Authorize: func(context.Context, string) (callout.Admission, error) {
		return callout.Admission{}, errors.New("nobody")
	}})
	must(t, err)
	t.Cleanup(server.Stop)
	nc, err := server.Connect()
	must(t, err)
	t.Cleanup(nc.Close)
	_, err = office.NewClient(nc, wire.Asker{Role: "viewer", User: "vic", Name: "Vic"}).Read(t.Context())
	if err == nil || !strings.Contains(err.Error(), "is muster serve or muster dev running?") {
		t.Errorf("nobody answers: %v", err)
	}
}
