package skew_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/oidc/machine"
)

// tell puts what nobody knows yet to a fleet: a question of a device that is of version asks to the
// server, which is of version side, and one of an operator to that device.
func (f *fleet) tell(asks, side binaries) {
	f.Helper()
	device := devices[1]
	if asks.version == "older" {
		device = devices[2]
	}
	id := algebra.MustDeviceID(device)
	for subject, nc := range map[string]*nats.Conn{
		wire.RequestSubject(id): f.connect("devices/"+device+"/config.toml", wire.InboxPrefix(id)),
		wire.QuerySubject(id):   f.connect("server/config.toml", ""),
	} {
		text := fmt.Sprintf(`{"kind":"AskWeather","device":%q,"nonce":"n7","where":"here"}`, device)
		m, err := nc.Request(subject, []byte(text), 10*time.Second)
		must(f.T, err)
		answer, err := wire.Decode(m.Data)
		must(f.T, err)
		if r, ok := answer.(wire.Refusal); !ok || r.Nonce != "n7" || !strings.Contains(r.Reason, "AskWeather") {
			f.Errorf("%s of a side that is %s: %s", subject, side.version, m.Data)
		}
		nc.Close()
	}
}

// connect connects by the credential of a configuration.
func (f *fleet) connect(config, inbox string) *nats.Conn {
	f.Helper()
	c, err := identity.Load(f.path(config), func(string) string { return "" })
	must(f.T, err)
	tokens, err := machine.Tokens(c)
	must(f.T, err)
	token, _, err := tokens()
	must(f.T, err)
	options := []nats.Option{nats.Token(token)}
	if inbox != "" {
		options = append(options, nats.CustomInboxPrefix(inbox))
	}
	nc, err := nats.Connect(c.NATS.URL, options...)
	must(f.T, err)
	return nc
}
