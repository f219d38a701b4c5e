package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/snapshot"
)

func snapshotCommand(c *console) *cobra.Command {
	s := source{console: c}
	var out string
	cmd := &cobra.Command{
		Use:   "snapshot --out FILE",
		Short: "keep the devices and what they run in a file, for work without the fleet",
		Long: `snapshot reads the devices, what is published to them and what they report, and writes it to
one file. query, plan, explain and repl read that by --snapshot as they read a fleet.`,
		Example: `  MUSTER_CONFIG=dev/config.toml muster snapshot --out monday.snapshot
  muster query --snapshot monday.snapshot 'arch = aarch64'
  muster plan -w worlds/shop --snapshot monday.snapshot`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	s.addFlags(cmd)
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write, whole or not at all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case out == "":
			return errors.New("snapshot: no file to write; name it by --out FILE")
		case !s.given():
			return errors.New("snapshot: nothing to keep; name the devices by --nats URL or --roster FILE, or set MUSTER_CONFIG")
		}
		r, err := s.reality(cmd.Context())
		if err != nil {
			return err
		}
		if err := writeFileBy(out, 0o644, func(w io.Writer) error { return snapshot.Write(w, r) }); err != nil {
			return fmt.Errorf("snapshot: %w", err)
		}
		fmt.Fprintf(c.errw, "%s as of %s in %s\n", counted(r.Roster.Len(), "device", "devices"), r.ObservedAt.UTC().Format("2006-01-02 15:04:05Z"), out)
		return nil
	}
	return cmd
}

func readSnapshot(name string) (algebra.Reality, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return algebra.Reality{}, fmt.Errorf("snapshot %s: no such file; muster snapshot --out %s writes one", name, name)
	}
	if err != nil {
		return algebra.Reality{}, fmt.Errorf("snapshot: %w", err)
	}
	defer f.Close()
	r, err := snapshot.Read(f)
	if err != nil {
		return algebra.Reality{}, fmt.Errorf("snapshot %s: %w", name, err)
	}
	return r, nil
}
