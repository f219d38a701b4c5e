package callout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// InBucket is the registry as the bucket of devices has it at the moment it is asked.
func InBucket(devices jetstream.KeyValue) Registry {
	return func(ctx context.Context, d algebra.DeviceID) (algebra.Lifecycle, bool, error) {
		e, err := devices.Get(ctx, wire.Token(d))
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			return 0, false, nil
		}
		if err != nil {
			return 0, false, fmt.Errorf("registry: %w", err)
		}
		l, err := lifecycle(e)
		return l, err == nil, err
	}
}

func lifecycle(e jetstream.KeyValueEntry) (algebra.Lifecycle, error) {
	m, err := wire.Decode(e.Value())
	if err != nil {
		return 0, fmt.Errorf("registry: %s: %w", e.Key(), err)
	}
	entry, ok := m.(wire.DeviceEntry)
	if !ok || wire.Token(entry.Device) != e.Key() {
		return 0, fmt.Errorf("registry: %s holds a %s that is not of this device", e.Key(), m.Kind())
	}
	return entry.Lifecycle, nil
}

// Revocations ends the connections of devices as the registry stops serving them, and of those
// it does not serve when it starts: a revocation made while no one watched counts too. It
// runs until stop; sys is a connection to the server's system account.
func Revocations(ctx context.Context, devices jetstream.KeyValue, sys *nats.Conn, log *slog.Logger) (stop func(), err error) {
	watch, err := devices.WatchAll(context.WithoutCancel(ctx))
	if err != nil {
		return nil, fmt.Errorf("revocations: %w", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range watch.Updates() {
			if e == nil {
				continue
			}
			if l, err := lifecycle(e); e.Operation() == jetstream.KeyValuePut && err == nil && l.Served() {
				continue
			}
			if n, err := disconnect(sys, e.Key()); err != nil {
				log.Error("a revoked device may still be connected", "device", e.Key(), "error", err)
			} else if n > 0 {
				log.Info("disconnected", "device", e.Key(), "connections", n)
			}
		}
	}()
	return func() { _ = watch.Stop(); <-done }, nil
}

// answersWithin is how long the servers of a cluster have to name their connections.
const answersWithin = 300 * time.Millisecond

// disconnect ends all connections of a user of account DEVICES, on whatever server of the
// cluster, and counts them.
func disconnect(sys *nats.Conn, user string) (int, error) {
	type connections struct {
		Server struct{ ID string }
		Data   struct {
			Connections []struct {
				CID  uint64 `json:"cid"`
				User string `json:"authorized_user"`
			}
		}
	}
	ask, _ := json.Marshal(map[string]any{"auth": true, "user": user, "acc": "DEVICES", "limit": 1024})
	inbox := sys.NewInbox()
	sub, err := sys.SubscribeSync(inbox)
	if err != nil {
		return 0, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := sys.PublishRequest("$SYS.REQ.SERVER.PING.CONNZ", inbox, ask); err != nil {
		return 0, err
	}
	n, heard := 0, 0
	for {
		m, err := sub.NextMsg(answersWithin)
		if errors.Is(err, nats.ErrTimeout) {
			if heard == 0 {
				return 0, errors.New("no server named its connections")
			}
			return n, nil
		}
		if err != nil {
			return n, err
		}
		heard++
		var c connections
		if err := json.Unmarshal(m.Data, &c); err != nil {
			return n, fmt.Errorf("connections: %w", err)
		}
		for _, one := range c.Data.Connections {
			if one.User != user { // the server filters; who is not revoked is never ended
				continue
			}
			kick, _ := json.Marshal(map[string]any{"cid": one.CID})
			if _, err := sys.Request("$SYS.REQ.SERVER."+c.Server.ID+".KICK", kick, time.Second); err != nil {
				return n, fmt.Errorf("connection %d: %w", one.CID, err)
			}
			n++
		}
	}
}
