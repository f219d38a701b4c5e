package office

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// An answer comes in parts that a broker takes: lines of JSON, then an end that says how many
// parts there were, and what went wrong.
const (
	partSize = 256 << 10
	header   = "Office-End"
	// silence ends the wait for a part.
	silence = 10 * time.Second
)

// answer sends lines to who asked.
type answer struct {
	to    *nats.Msg
	nc    *nats.Conn
	lines []byte
	parts int
}

// line adds one line.
func (a *answer) line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(a.lines) > 0 && len(a.lines)+len(text) >= partSize {
		if err := a.flush(); err != nil {
			return err
		}
	}
	a.lines = append(append(a.lines, text...), '\n')
	return nil
}

func (a *answer) flush() error {
	if len(a.lines) == 0 {
		return nil
	}
	a.parts++
	err := a.nc.Publish(a.to.Reply, a.lines)
	a.lines = a.lines[:0]
	return err
}

// end says that this was all, or what went wrong.
func (a *answer) end(err error) error {
	if err == nil {
		err = a.flush()
	}
	m := nats.NewMsg(a.to.Reply)
	m.Header.Set(header, strconv.Itoa(a.parts))
	if err != nil {
		m.Data = []byte(err.Error())
	}
	return a.nc.PublishMsg(m)
}

// ask puts a question and hands each line of the answer to each.
func ask(ctx context.Context, nc *nats.Conn, subject string, question any, each func(line []byte) error) error {
	text, err := json.Marshal(question)
	if err != nil {
		return err
	}
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := sub.SetPendingLimits(-1, -1); err != nil { // a fleet is greater than the default
		return err
	}
	if err := nc.PublishRequest(subject, inbox, text); err != nil {
		return err
	}
	for parts := 0; ; parts++ {
		wait, cancel := context.WithTimeout(ctx, silence)
		m, err := sub.NextMsgWithContext(wait)
		cancel()
		switch {
		case errors.Is(err, nats.ErrNoResponders), err == nil && m.Header.Get("Status") == "503", errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			return errors.New("nobody answers for the fleet; is muster serve or muster dev running?")
		case err != nil:
			return err
		}
		if end := m.Header.Get(header); end != "" {
			if len(m.Data) > 0 {
				return errors.New(string(m.Data))
			}
			if end != strconv.Itoa(parts) {
				return fmt.Errorf("the answer had %s parts and %d came; ask again", end, parts)
			}
			return nil
		}
		for line := range lines(m.Data) {
			if err := each(line); err != nil {
				return err
			}
		}
	}
}
