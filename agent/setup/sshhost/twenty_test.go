package sshhost_test

import (
	"context"
	"crypto/rsa"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/musterfleet/muster/agent/setup"
	"github.com/musterfleet/muster/agent/setup/setuptest"
	"github.com/musterfleet/muster/identity"
)

// Twenty machines become devices side by side; the second time nothing differs.
func TestTwentyMachinesTwice(t *testing.T) {
	program, err := os.ReadFile("/bin/true") // any will do for an agent that is not started
	if err != nil {
		t.Fatal(err)
	}
	o := setuptest.NewOperator(t)
	machines := make([]*setuptest.Machine, 20)
	devices := make([]setup.Device, len(machines))
	for i := range machines {
		name := fmt.Sprintf("edge-%03d", i+1)
		machines[i] = setuptest.Boot(t, name, o)
		intent := identity.EnrollmentIntent{URL: "nats://192.0.2.1:4222", Token: "once", Device: name}
		c, err := intent.Resolve(t.Context(), t.TempDir(), func(context.Context, identity.EnrollmentIntent, *rsa.PrivateKey) (identity.Enrolled, error) {
			return identity.Enrolled{Device: name, Issuer: "http://issuer.example", UserID: name, KeyID: "k", Trust: []byte("trust")}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		// The hub is the machine itself, at the port of an sshd.
		machines[i].Run("/usr/sbin/sshd -p 4222 -f /etc/ssh/test_config; ip address add 192.0.2.1 dev lo")
		devices[i] = setup.Device{Credential: &c, Account: "muster-agent", Hosts: []string{"192.0.2.1 hub.example"}, Now: time.Now}
	}
	o.Knows(t, machines...)
	for round, want := range []int{10, 0} {
		begun := time.Now()
		var all sync.WaitGroup
		for i, m := range machines {
			all.Go(func() {
				done, err := become(t.Context(), o, m, program, devices[i])
				if err != nil || len(done) != want {
					t.Errorf("round %d, machine %d: %q, %v; want %d changes", round+1, i+1, done, err, want)
				}
			})
		}
		all.Wait()
		t.Logf("round %d: %v", round+1, time.Since(begun).Round(10*time.Millisecond))
	}
}

func become(ctx context.Context, o *setuptest.Operator, m *setuptest.Machine, program []byte, d setup.Device) ([]string, error) {
	h, err := login(o).Dial(ctx, target("root", m))
	if err != nil {
		return nil, err
	}
	defer h.Close()
	known, err := setup.Know[setup.AMD64](ctx, h)
	if err != nil {
		return nil, err
	}
	a, err := setup.ReadArtefact[setup.AMD64](program)
	if err != nil {
		return nil, err
	}
	steps, err := setup.DeviceSteps(known, a, d)
	if err != nil {
		return nil, err
	}
	return setup.Run(ctx, h, steps)
}
