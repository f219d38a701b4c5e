package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/selectors"
)

// freezing is the flags of one freeze.
type freezing struct {
	console *console
	source  source
	world   string
	check   bool
	output  *choice
}

func freezeCommand(c *console) *cobra.Command {
	f := &freezing{console: c, source: source{console: c}}
	cmd := &cobra.Command{
		Use:   "freeze -w DIR [FLEET ...]",
		Short: "write to Fleets that take some devices which ones those are",
		Long: `freeze resolves a take(…) on the devices of its sources, and writes them to the Fleet document
as frozen:, so that the World says which devices are meant, and goes on saying so when others
come and go. It freezes the Fleets that it is given, anew if they were frozen, or else all that
are not frozen yet. The rest of each file stays as it is.

With --check nothing is written: the exit code is 2 if a file would change. An error is 1.`,
		Example: `  muster freeze -w worlds/shop --nats nats://localhost:4222
  muster freeze -w worlds/shop --roster devices.jsonl canary
  muster freeze -w worlds/shop --check`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              f.run,
	}
	worldFlag(cmd, &f.world)
	f.source.addFlags(cmd)
	cmd.Flags().BoolVar(&f.check, "check", false, "only tell what the fleets come to")
	f.output = outputFlag(cmd, "text", "json")
	return cmd
}

func (f *freezing) run(cmd *cobra.Command, names []string) error {
	if f.world == "" {
		return errors.New("freeze: no World; name its directory by -w DIR")
	}
	if _, ok := kubeNamespace(f.world); ok {
		return errors.New("freeze: it writes files; name a directory by -w DIR")
	}
	if err := directory(f.world); err != nil {
		return err
	}
	reality, err := f.source.reality(cmd.Context())
	if err != nil {
		return err
	}
	texts, err := worldfile.Texts(os.DirFS(f.world))
	if err != nil {
		return fmt.Errorf("freeze: %w", err)
	}
	after, done, bad := worldfile.Freeze(texts, names, func(w algebra.World, take *selectors.Bound) []string {
		var ids []string
		for id := range stand(w, true, reality).demand.Fleet(take).IDs() {
			ids = append(ids, id.String())
		}
		return ids
	})
	if err := under(f.world, bad).Err(); err != nil {
		return err
	}
	for _, name := range names {
		if !slices.ContainsFunc(done, func(d worldfile.Frozen) bool { return d.Name == name }) {
			return fmt.Errorf("freeze: the World has no Fleet %s whose expression takes", name)
		}
	}
	differs := false
	for path, text := range after {
		if text == texts[path] {
			continue
		}
		differs = true
		if f.check {
			continue
		}
		if err := writeFile(filepath.Join(f.world, path), []byte(text), 0o644); err != nil {
			return fmt.Errorf("freeze: %w", err)
		}
	}
	if err := f.show(done); err != nil {
		return err
	}
	if f.check && differs {
		return changed
	}
	return nil
}

// frozenFleet is a Fleet that was frozen, for machines.
type frozenFleet struct {
	Fleet   string   `json:"fleet"`
	File    string   `json:"file"`
	Line    int      `json:"line"`
	Devices []string `json:"devices"`
}

func (f *freezing) show(done []worldfile.Frozen) error {
	c := f.console
	if f.output.value == "json" {
		out := []frozenFleet{}
		for _, d := range done {
			out = append(out, frozenFleet{d.Name, filepath.Join(f.world, d.Source.File), d.Source.Line, d.Devices})
		}
		return indented(c, out)
	}
	if len(done) == 0 {
		fmt.Fprintln(c.out, "Nothing to freeze: every Fleet that takes says which devices it came to.")
	}
	for _, d := range done {
		d.Source.File = filepath.Join(f.world, d.Source.File)
		fmt.Fprintf(c.out, "@%s is {%s}, %s (%s)\n", d.Name, selectors.Fold(d.Devices), counted(len(d.Devices), "device", "devices"), d.Source)
	}
	return nil
}
