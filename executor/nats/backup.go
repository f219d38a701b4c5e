package nats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Streams names what a backup holds: the buckets that are kept on disk, and the audit.
func Streams() []string {
	var names []string
	for _, b := range bucketConfigs() {
		if b.Storage == jetstream.FileStorage {
			names = append(names, "KV_"+b.Bucket)
		}
	}
	return append(names, auditStream)
}

// Snapshot is what has to be known of a stream to bring it back from its content.
type Snapshot struct {
	Config server.StreamConfig `json:"config"`
	State  server.StreamState  `json:"state"`
}

// chunk is how much of a stream travels at once, and quiet how long the next may take to come.
const (
	chunk = 64 << 10
	quiet = 30 * time.Second
)

// Backup writes the content of a stream as it is at one instant, while the fleet goes on.
func Backup(ctx context.Context, nc *nats.Conn, stream string, to io.Writer) (Snapshot, error) {
	s, err := backup(ctx, nc, stream, to)
	if err != nil {
		err = fmt.Errorf("backup of %s: %w", stream, err)
	}
	return s, err
}

func backup(ctx context.Context, nc *nats.Conn, stream string, to io.Writer) (Snapshot, error) {
	inbox := nc.NewRespInbox()
	chunks, err := nc.SubscribeSync(inbox)
	if err != nil {
		return Snapshot{}, err
	}
	defer func() { _ = chunks.Unsubscribe() }() // the connection's end is the subscription's too
	var begun server.JSApiStreamSnapshotResponse
	ask := server.JSApiStreamSnapshotRequest{DeliverSubject: inbox, NoConsumers: true, ChunkSize: chunk, CheckMsgs: true}
	if err := request(ctx, nc, fmt.Sprintf(server.JSApiStreamSnapshotT, stream), ask, &begun, &begun.ApiResponse); err != nil {
		return Snapshot{}, err
	}
	if begun.Config == nil || begun.State == nil {
		return Snapshot{}, errors.New("the broker does not say what it is")
	}
	for {
		within, cancel := context.WithTimeout(ctx, quiet)
		m, err := chunks.NextMsgWithContext(within)
		cancel()
		if err != nil {
			return Snapshot{}, err
		}
		if len(m.Data) == 0 { // the end; a status says whether it is a good one
			if status := m.Header.Get("Status"); status != "" && status != "204" {
				return Snapshot{}, fmt.Errorf("%s %s", status, m.Header.Get("Description"))
			}
			return Snapshot{Config: *begun.Config, State: *begun.State}, nil
		}
		if _, err := to.Write(m.Data); err != nil {
			return Snapshot{}, err
		}
		if m.Reply != "" {
			if err := m.Respond(nil); err != nil { // the broker waits for that before it sends more
				return Snapshot{}, err
			}
		}
	}
}

// Restore brings a stream back that is not there.
func Restore(ctx context.Context, nc *nats.Conn, s Snapshot, from io.Reader) error {
	if err := restore(ctx, nc, s, from); err != nil {
		return fmt.Errorf("restore of %s: %w", s.Config.Name, err)
	}
	return nil
}

func restore(ctx context.Context, nc *nats.Conn, s Snapshot, from io.Reader) error {
	if !slices.Contains(Streams(), s.Config.Name) {
		return errors.New("is no stream of a fleet")
	}
	var begun server.JSApiStreamRestoreResponse
	ask := server.JSApiStreamRestoreRequest{Config: s.Config, State: s.State}
	if err := request(ctx, nc, fmt.Sprintf(server.JSApiStreamRestoreT, s.Config.Name), ask, &begun, &begun.ApiResponse); err != nil {
		return err
	}
	buffer := make([]byte, chunk)
	for {
		n, err := io.ReadFull(from, buffer)
		if n > 0 {
			within, cancel := context.WithTimeout(ctx, quiet)
			_, err := nc.RequestWithContext(within, begun.DeliverSubject, buffer[:n])
			cancel()
			if err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	var ended server.JSApiStreamCreateResponse
	if err := request(ctx, nc, begun.DeliverSubject, nil, &ended, &ended.ApiResponse); err != nil {
		return err
	}
	if ended.StreamInfo == nil || ended.State.LastSeq != s.State.LastSeq || ended.State.Msgs != s.State.Msgs {
		return errors.New("what came back is not what was written down")
	}
	return nil
}

// request asks the broker and reads its answer; nothing is asked with no body at all.
func request(ctx context.Context, nc *nats.Conn, subject string, ask, answer any, status *server.ApiResponse) error {
	var body []byte
	if ask != nil {
		var err error
		if body, err = json.Marshal(ask); err != nil {
			return err
		}
	}
	within, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	m, err := nc.RequestWithContext(within, subject, body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(m.Data, answer); err != nil {
		return err
	}
	if status.Error != nil {
		return errors.New(status.Error.Description)
	}
	return nil
}
