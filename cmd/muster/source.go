package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
)

// source is where devices, and what is published to and reported by them, come from.
//
// How sources combine: --nats or --roster gives the registry, one of the two; with neither
// it is empty. The Device documents of the World (-w) are laid over it, as Relabel does:
// a plan shows them as changes of the registry, a query sees the devices as they will be.
type source struct {
	console *console
	roster  string // a file of JSON lines; - is the input
	nats    string // URL of a cluster
}

// addFlags gives a command the flags of its sources.
func (s *source) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.roster, "roster", "", "`FILE` of devices as JSON lines {\"id\",\"labels\",\"facts\"}; - is the input")
	cmd.Flags().StringVar(&s.nats, "nats", "", "`URL` of the cluster whose devices are meant")
	cmd.MarkFlagsMutuallyExclusive("roster", "nats")
}

// given reports whether any source is named.
func (s *source) given() bool { return s.roster != "" || s.nats != "" }

// reality is what the sources say as of now, before any World.
func (s *source) reality(ctx context.Context) (algebra.Reality, error) {
	now := time.Now().UTC()
	switch {
	case s.nats != "":
		return observe(ctx, s.nats, now)
	case s.roster != "":
		return s.fromRoster(now)
	}
	empty, err := algebra.NewRoster(nil)
	return algebra.NewReality(empty, now), err
}

func (s *source) fromRoster(now time.Time) (algebra.Reality, error) {
	text, err := s.console.read(s.roster)
	if errors.Is(err, os.ErrNotExist) {
		return algebra.Reality{}, fmt.Errorf("roster %s: no such file; write one device a line, as `muster query all -o ndjson` does", s.roster)
	}
	if err != nil {
		return algebra.Reality{}, fmt.Errorf("roster: %w", err)
	}
	devices, bad := readRoster(shown(s.roster), text)
	if err := bad.Err(); err != nil {
		return algebra.Reality{}, err
	}
	roster, err := algebra.NewRoster(devices)
	if err != nil {
		return algebra.Reality{}, fmt.Errorf("%s: %w", s.roster, err)
	}
	if roster.Len() == 0 {
		return algebra.Reality{}, fmt.Errorf("roster %s: no device in it; write one a line: %s", shown(s.roster), `{"id":"gw-1","labels":{},"facts":{}}`)
	}
	return algebra.NewReality(roster, now), nil
}

// noteNoDevices tells who forgot to name a source: with no device any answer is empty.
func (c *console) noteNoDevices(r *algebra.Roster) {
	if r.Len() == 0 {
		c.note("name them by --roster FILE or --nats URL", "there are no devices: the World has no Device documents")
	}
}
