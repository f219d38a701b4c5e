package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// askWithin is how long a device has to answer.
const askWithin = 15 * time.Second

// answers is a message that a device gives back.
type answers interface {
	wire.Message
	Answers(d algebra.DeviceID, nonce string) bool
}

// ask puts a question to a device that is connected, and gives its answer. make is handed the
// nonce that the answer must bear.
func ask[Answer answers](ctx context.Context, fleet *cluster, d algebra.DeviceID, make func(nonce string) wire.Message) (Answer, error) {
	var none Answer
	if fleet.transport == nil {
		return none, errors.New("only deployers and operators may ask devices")
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	nonce := rand.Text()
	m, err := fleet.conn.RequestWithContext(ctx, wire.QuerySubject(d), wire.Encode(make(nonce)))
	switch {
	case errors.Is(err, natsgo.ErrNoResponders):
		return none, fmt.Errorf("%s: not connected, or there is no such device; muster status tells", d)
	case errors.Is(err, context.DeadlineExceeded):
		return none, fmt.Errorf("%s: no answer within %s; is its agent older than this muster?", d, askWithin)
	case err != nil:
		return none, fmt.Errorf("%s: %w", d, err)
	}
	answer, err := wire.Decode(m.Data)
	if err != nil {
		return none, fmt.Errorf("%s: %w", d, err)
	}
	if r, is := answer.(wire.Refusal); is && r.Device == d && r.Nonce == nonce {
		return none, fmt.Errorf("%s: refused by the device: %s", d, r.Reason)
	}
	if a, is := answer.(Answer); is && a.Answers(d, nonce) {
		return a, nil
	}
	return none, fmt.Errorf("%s: a %s that is no answer to this question", d, answer.Kind())
}

// completeDevices offers the devices that the fleet knows, each with its apps if slots is set.
func completeDevices(s *source, slots bool) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		fleet, err := s.join(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer fleet.close()
		records, err := fleet.Read(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var words []string
		for id, d := range records.Devices {
			if !slots {
				words = append(words, id.String())
			}
			for app := range d.States {
				if slots {
					words = append(words, id.String()+"/"+app.String())
				}
			}
		}
		var fit []string
		for _, w := range words {
			if strings.HasPrefix(w, word) {
				fit = append(fit, w)
			}
		}
		return fit, cobra.ShellCompDirectiveNoFileComp
	}
}
