//go:build remote && containers_image_openpgp

package podman

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/containers/podman/v5/pkg/bindings/containers"

	"github.com/musterfleet/muster/agent"
	"github.com/musterfleet/muster/executor/wire"
)

var _ agent.LogSource = (*Runtime)(nil)

// Logs asks podman for what each container of the app wrote last.
func (r *Runtime) Logs(ctx context.Context, q agent.LogQuery) ([]wire.LogLine, error) {
	list, err := r.list(r.call(ctx), q.App)
	if err != nil {
		return nil, fmt.Errorf("logs: %w", err)
	}
	var all []wire.LogLine
	var names []string
	for _, c := range list {
		name := c.Labels[labelContainer]
		names = append(names, name)
		if q.Container != "" && q.Container != name {
			continue
		}
		lines, err := r.containerLogs(ctx, c.ID, name, q)
		if err != nil && !notFound(err) { // removed since it was listed
			return nil, fmt.Errorf("logs of container %s: %w", name, err)
		}
		all = append(all, lines...)
	}
	if q.Container != "" && len(names) > 0 && !strings.Contains(" "+strings.Join(names, " ")+" ", " "+q.Container+" ") {
		return nil, fmt.Errorf("%s has no container %s; it has %s", q.App, q.Container, strings.Join(names, ", "))
	}
	return all, nil
}

func (r *Runtime) containerLogs(ctx context.Context, id, name string, q agent.LogQuery) ([]wire.LogLine, error) {
	o := &containers.LogOptions{Timestamps: ptr(true), Stdout: ptr(true), Stderr: ptr(true), Tail: ptr(strconv.Itoa(q.Tail))}
	if !q.After.IsZero() {
		o.Since = ptr(q.After.Format(time.RFC3339Nano))
	}
	streams := map[string]chan string{"stdout": make(chan string), "stderr": make(chan string)}
	var mu sync.Mutex
	var lines []wire.LogLine
	var reading sync.WaitGroup
	for stream, in := range streams {
		reading.Go(func() {
			for text := range in {
				if l, ok := logLine(text); ok && l.At.After(q.After) {
					l.Container, l.Stream = name, stream
					mu.Lock()
					lines = append(lines, l)
					mu.Unlock()
				}
			}
		})
	}
	err := containers.Logs(r.call(ctx), id, o, streams["stdout"], streams["stderr"])
	for _, in := range streams {
		close(in)
	}
	reading.Wait()
	return lines, err
}

// logLine reads what podman writes of a line: its time, a space, and the text.
func logLine(text string) (wire.LogLine, bool) {
	stamp, text, _ := strings.Cut(strings.TrimRight(text, "\r\n"), " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	return wire.LogLine{At: at, Text: text}, err == nil
}
