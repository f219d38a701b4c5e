package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	natsgo "github.com/nats-io/nats.go"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/nats"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/identity/devissuer"
)

// TestServeOnABrokerOfOnesOwn: a NATS server that knows nothing of muster but what key services
// wrote becomes the broker of a fleet when serve runs beside it, which may be there first: it makes the
// buckets, lets people and devices in by their tokens and nobody else, has a device run what the World
// says, and puts out at once who is revoked.
func TestServeOnABrokerOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	public, err := makeServiceKeys(at("services"))
	must(err)
	again, err := makeServiceKeys(at("services"))
	if must(err); again != public {
		t.Error("seeds that were there are others now")
	}
	brokerAt := freeAddress(t)
	host, port, err := net.SplitHostPort(brokerAt)
	must(err)
	opts := &server.Options{Host: host, JetStream: true, StoreDir: at("jetstream"), NoLog: true, NoSigs: true}
	opts.Port, err = strconv.Atoi(port)
	must(err)
	must(opts.ProcessConfigString(nats.Accounts(public)))
	broker, err := server.NewServer(opts)
	must(err)
	defer broker.Shutdown()
	issuer, err := devissuer.Start(devissuer.Config{Dir: at("issuer"), Audience: devAudience})
	must(err)
	defer issuer.Stop()
	must(identity.CreateKeys(at("operator.key"), at("operator.pub")))
	d := devDir{dir}
	must(d.staffKeys(issuer, "muster-"))
	config := func(role string, edit func(*identity.Config)) string {
		c := identity.Config{NATS: identity.NATS{URL: "nats://" + brokerAt}, OIDC: devOIDC(issuer), Keys: identity.Keys{Trust: []string{"operator.pub"}}}
		c.OIDC.KeyFile = role + ".json"
		edit(&c)
		must(c.Write(at(role + ".toml")))
		return at(role + ".toml")
	}
	operator := config("operator", func(c *identity.Config) { c.Keys.Sign, c.Services.Keys = "operator.key", "services" })
	viewer := config("viewer", func(*identity.Config) {})
	must(os.Mkdir(at("world"), 0o755))
	must(os.WriteFile(at("world/web.yaml"), []byte(`apiVersion: muster.fleet/v1alpha1
kind: World
metadata: {name: web}
spec: {gates: none}
---
apiVersion: muster.fleet/v1alpha1
kind: Deployment
metadata: {name: web}
spec: {app: web, version: 1.0.0, podman: {containers: [{name: web, image: registry.example/web:1.0.0}]}}
---
apiVersion: muster.fleet/v1alpha1
kind: Assignment
metadata: {name: web}
spec: {fleet: all, deploy: [web]}
`), 0o644))
	looked := freeAddress(t)
	serve := exec.Command("muster", "serve", "-w", at("world"), "--config", operator, "--listen", looked)
	var said strings.Builder
	serve.Stderr = &said
	must(serve.Start())
	defer func() {
		_ = serve.Process.Signal(syscall.SIGTERM)
		_ = serve.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	}()
	muster := func(args ...string) string {
		out, _ := exec.Command("muster", args...).CombinedOutput() // what it says is looked at
		return string(out)
	}
	until := func(want string, args ...string) {
		t.Helper()
		have := ""
		for range 200 {
			if have = muster(args...); strings.Contains(have, want) {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Fatalf("muster %v says no %q: %s", args, want, have)
	}
	stands := func(path, want string) {
		t.Helper()
		have := ""
		for range 300 {
			if answer, err := http.Get("http://" + looked + path); err == nil {
				text, err := io.ReadAll(answer.Body)
				must(errors.Join(err, answer.Body.Close()))
				if have = answer.Status + "\n" + string(text); strings.Contains(have, want) {
					return
				}
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Fatalf("%s says no %q: %s", path, want, have)
	}
	stands("/readyz", "[-]fleet: cannot reach NATS at nats://"+brokerAt+": nats: no servers available for connection; is")
	stands("/livez", "200 OK")
	broker.Start()
	until("Nothing is published.\n0 of 0 devices online.", "status", "--config", viewer) // by the office
	stands("/readyz", "200 OK")
	for name, opt := range map[string]natsgo.Option{"no token": natsgo.Name("x"), "a wrong token": natsgo.Token("wrong"), "a password": natsgo.UserInfo("fleet", "fleet")} {
		if _, err := natsgo.Connect(broker.ClientURL(), opt); !errors.Is(err, natsgo.ErrAuthorization) {
			t.Errorf("with %s: %v", name, err)
		}
	}

	// Another's seeds are no reason to wait.
	_, err = makeServiceKeys(at("others"))
	must(err)
	others := config("others", func(c *identity.Config) { c.OIDC.KeyFile, c.Services.Keys = "operator.json", "others" })
	if said := musters(t, 1, "serve", "-w", at("world"), "--config", others, "--listen", "off"); !strings.HasSuffix(said,
		"others/fleet.nk: nats: Authorization Violation; does the broker include accounts.conf?\n") {
		t.Error(said)
	}

	// A device that is in the registry comes in, and runs what it is to.
	conn, err := bySeed(broker.ClientURL(), at("services/"+fleetSeed))
	must(err)
	defer conn.Close()
	transport, err := nats.NewTransport(t.Context(), conn)
	must(err)
	edge := algebra.Device{ID: algebra.MustDeviceID("edge-1")}
	must(register(t.Context(), transport, []algebra.Device{edge}))
	tokens, err := simulatedKeys(issuer, []algebra.Device{edge})
	must(err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop, err := simulate(ctx, d, broker.ClientURL(), []algebra.Device{edge}, tokens)
	must(err)
	defer stop()
	until("web@1.0.0   1          1        0", "status", "--config", viewer)
	connected := func() bool {
		z, err := broker.Connz(&server.ConnzOptions{Username: true})
		must(err)
		for _, c := range z.Conns {
			if c.AuthorizedUser == wire.Token(edge.ID) {
				return true
			}
		}
		return false
	}
	if !connected() {
		t.Error("the broker does not know the device by its name")
	}
	records, err := transport.Read(t.Context())
	must(err)
	entry := records.Devices[edge.ID].Entry
	entry.Value.Lifecycle = algebra.Revoked
	_, err = transport.Write(t.Context(), []executor.Write{executor.SetEntry{Entry: entry.Value, Revision: entry.Revision}})
	must(err)
	for range 600 {
		if !connected() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("who is revoked is still connected")
}
