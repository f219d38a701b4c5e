package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity"
)

// source is where devices, and what is published to and reported by them, come from.
//
// How sources combine: --roster or --snapshot, or else the fleet of the configuration, gives the
// registry; with none it is empty. The Device documents of the World (-w) are laid over it, as
// Relabel does: a plan shows them as changes of the registry, a query sees the devices as
// they will be.
type source struct {
	console *console
	roster  string // a file of JSON lines; - is the input
	file    string // a snapshot
	nats    string // URL of the broker, over the configuration's
	config  string // path of the configuration
	// offline keeps to what the flags name: the configuration of the environment is not used.
	offline bool
	// who is whom the running fleet took us for, once it was asked; zero where no issuer says.
	who identity.Principal
}

// addFlags gives a command the flags of its sources.
func (s *source) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.roster, "roster", "", "`FILE` of devices as JSON lines {\"id\",\"labels\",\"facts\"}; - is the input")
	cmd.Flags().StringVar(&s.file, "snapshot", "", "`FILE` that muster snapshot wrote")
	s.addClusterFlags(cmd)
	for _, file := range []string{"roster", "snapshot"} {
		cmd.MarkFlagsMutuallyExclusive(file, "nats")
		cmd.MarkFlagsMutuallyExclusive(file, "config")
	}
	cmd.MarkFlagsMutuallyExclusive("roster", "snapshot")
}

// addClusterFlags gives a command the flags of a running fleet.
func (s *source) addClusterFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.nats, "nats", "", "`URL` of the broker of the fleet that is meant")
	cmd.Flags().StringVar(&s.config, "config", "", "`FILE` that says how to reach the fleet (default $MUSTER_CONFIG)")
}

// given reports whether any source is named, by a flag or by the environment.
func (s *source) given() bool {
	named := s.named() || s.nats != "" || s.config != ""
	return named || !s.offline && (os.Getenv("MUSTER_CONFIG") != "" || os.Getenv("MUSTER_NATS_URL") != "")
}

// named reports whether a file is the source.
func (s *source) named() bool { return s.roster != "" || s.file != "" }

// join connects to the running fleet that the flags and the environment name.
func (s *source) join(ctx context.Context, more ...natsgo.Option) (*cluster, error) {
	config, err := s.configuration()
	if err != nil {
		return nil, err
	}
	if config.NATS.URL == "" {
		return nil, errors.New("no fleet is named; set MUSTER_CONFIG to what `muster dev` printed, or give --config FILE")
	}
	fleet, err := join(ctx, config, more...)
	if err == nil {
		s.who = fleet.who
	}
	return fleet, err
}

// configuration is what the flags and the environment say of the running fleet.
func (s *source) configuration() (identity.Config, error) {
	config, err := identity.Load(cmp.Or(s.config, os.Getenv("MUSTER_CONFIG")), os.Getenv)
	config.NATS.URL = cmp.Or(s.nats, config.NATS.URL)
	return config, err
}

// reality is what the sources say as of now, before any World.
func (s *source) reality(ctx context.Context) (algebra.Reality, error) {
	if s.roster != "" {
		return s.fromRoster(time.Now().UTC())
	}
	if s.file != "" {
		return readSnapshot(s.file)
	}
	if !s.given() {
		empty, err := algebra.NewRoster(nil)
		return algebra.NewReality(empty, time.Now().UTC()), err
	}
	fleet, err := s.join(ctx)
	if err != nil {
		return algebra.Reality{}, err
	}
	defer fleet.close()
	return fleet.observe(ctx, s.console)
}

func (s *source) fromRoster(now time.Time) (algebra.Reality, error) {
	from, err := s.console.open(s.roster)
	if errors.Is(err, os.ErrNotExist) {
		return algebra.Reality{}, fmt.Errorf("roster %s: no such file; write one device a line, as `muster query all -o ndjson` does", s.roster)
	}
	if err != nil {
		return algebra.Reality{}, fmt.Errorf("roster: %w", err)
	}
	defer from.Close()
	roster, seen, err := indexRoster(shown(s.roster), from)
	if err != nil {
		return algebra.Reality{}, err
	}
	if roster.Len() == 0 {
		return algebra.Reality{}, fmt.Errorf("roster %s: no device in it; write one a line: %s", shown(s.roster), `{"id":"gw-1","labels":{},"facts":{}}`)
	}
	reality := algebra.NewReality(roster, now)
	for _, o := range seen {
		o.into(reality)
	}
	return reality, nil
}

// noteNoDevices tells who forgot to name a source: with no device any answer is empty.
func (c *console) noteNoDevices(r *algebra.Roster) {
	if r.Len() == 0 {
		c.note("name them by --roster FILE or --nats URL", "there are no devices: the World has no Device documents")
	}
}
