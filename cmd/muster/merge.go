package main

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/internal/diag"
)

// mergingFlags is the flags of one merge.
type mergingFlags struct {
	console *console
	source  source
	out     string
	path    string
	format  choice
}

func mergeCommand(c *console) *cobra.Command {
	m := &mergingFlags{console: c, source: source{console: c, offline: true}}
	cmd := &cobra.Command{
		Use:   "merge BASE OURS THEIRS",
		Short: "join two Worlds that grew out of one, by what their documents mean",
		Long: `merge joins what OURS and THEIRS made of BASE: document by document, by kind and name, and in a
document field by field, containers by name, deployments by app. Lines that moved, order and
layout are no change. It prints the merged World or writes it to -o DIR, or prints exactly what
both sides changed in different ways, and then writes nothing.

A merged World must load. Where its devices are known, from documents, --roster or --snapshot,
two assignments that only the merge brings into conflict are told too.

Of three files it is a driver for git: the result goes to OURS, with git's markers around the
documents in conflict. To have git use it:

  git config merge.muster.name "muster, by meaning"
  git config merge.muster.driver "muster merge --path %P %O %A %B"
  echo 'worlds/**/*.yaml merge=muster' >>.gitattributes

Exit codes: 0 merged, 1 error, 5 conflicts.`,
		Example: `  muster merge base ours theirs -o merged
  muster merge --path web.yaml base.yaml ours.yaml theirs.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 3 {
				return fmt.Errorf("merge: %d arguments, want three: BASE OURS THEIRS", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return m.run(cmd.Context(), args[0], args[1], args[2]) },
	}
	cmd.Flags().StringVarP(&m.out, "output", "o", "", "write the World to `DIR`, or the file to FILE")
	cmd.Flags().StringVar(&m.path, "path", "", "what messages call the file, as git's %P")
	m.format = choice{value: "text", known: []string{"text", "json"}}
	cmd.Flags().Var(&m.format, "format", "how conflicts are printed: text or json")
	cmd.Flags().StringVar(&m.source.roster, "roster", "", "`FILE` of devices to look for conflicts on")
	cmd.Flags().StringVar(&m.source.file, "snapshot", "", "`FILE` that muster snapshot wrote, to look for conflicts on")
	cmd.MarkFlagsMutuallyExclusive("roster", "snapshot")
	return cmd
}

func (m *mergingFlags) run(ctx context.Context, base, ours, theirs string) error {
	dirs := 0
	for _, p := range []string{base, ours, theirs} {
		info, err := os.Stat(p)
		if err != nil {
			return fmt.Errorf("merge: %w", err)
		}
		if info.IsDir() {
			dirs++
		}
	}
	switch dirs {
	case 3:
		return m.worlds(ctx, base, ours, theirs)
	case 0:
		return m.oneFile(base, ours, theirs)
	}
	return fmt.Errorf("merge: %s, %s and %s: want three directories or three files", base, ours, theirs)
}

// worlds merges directories.
func (m *mergingFlags) worlds(ctx context.Context, base, ours, theirs string) error {
	merged, errs := worldfile.Merge(os.DirFS(base), os.DirFS(ours), os.DirFS(theirs))
	if err := errs.Err(); err != nil {
		return err
	}
	if len(merged.Conflicts) > 0 {
		return m.conflicts(merged.Conflicts)
	}
	world, found := worldfile.LoadFiles(merged.Files)
	if err := found.Err(); err != nil {
		m.console.note("one side uses what the other took away, or both are at odds in another way", "each document merges, and the World they make does not load")
		return under("merged", found)
	}
	m.console.diagnose(found)
	if err := m.atOdds(ctx, world, ours, theirs); err != nil {
		return err
	}
	if m.out == "" {
		return m.stream(merged.Files)
	}
	return m.write(merged.Files, ours)
}

// stream prints all documents, file by file.
func (m *mergingFlags) stream(files map[string]string) error {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		texts = append(texts, "# "+name+"\n"+strings.TrimPrefix(files[name], "---\n"))
	}
	_, err := fmt.Fprint(m.console.out, strings.Join(texts, "---\n"))
	return err
}

// write puts the World into a directory that holds no other: an empty one, or ours.
func (m *mergingFlags) write(files map[string]string, ours string) error {
	var gone []string
	err := filepath.WalkDir(m.out, func(p string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(m.out, p)
		if _, kept := files[filepath.ToSlash(name)]; err == nil && !d.IsDir() && !kept && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(p)) {
			gone = append(gone, p)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("merge: %w", err)
	}
	if len(gone) > 0 && !sameFile(m.out, ours) {
		return fmt.Errorf("merge: %s holds %s, which would become part of the merged World; name an empty directory, or OURS", m.out, gone[0])
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(m.out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("merge: %w", err)
		}
		if err := writeFile(path, []byte(files[name]), 0o644); err != nil {
			return fmt.Errorf("merge: %w", err)
		}
	}
	for _, p := range gone { // files whose documents all went
		if err := os.Remove(p); err != nil {
			return fmt.Errorf("merge: %w", err)
		}
	}
	return nil
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// oneFile is the driver for git: the result takes the place of ours.
func (m *mergingFlags) oneFile(base, ours, theirs string) error {
	name := m.path
	if name == "" {
		name = ours
	}
	var files [3]map[string]string
	for i, p := range []string{base, ours, theirs} {
		text, err := os.ReadFile(p)
		if err != nil {
			return fmt.Errorf("merge: %w", err)
		}
		files[i] = map[string]string{name: string(text)}
	}
	merged, errs := worldfile.MergeFiles(files[0], files[1], files[2])
	if err := errs.Err(); err != nil {
		return err
	}
	to := m.out
	if to == "" {
		to = ours
	}
	if err := writeFile(to, []byte(merged.Files[name]), 0o644); err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	if len(merged.Conflicts) > 0 {
		return m.conflicts(merged.Conflicts)
	}
	return nil
}

// atOdds tells of assignments that conflict on a device in the merged World and in neither side.
func (m *mergingFlags) atOdds(ctx context.Context, world algebra.World, ours, theirs string) error {
	reality, err := m.source.reality(ctx)
	if err != nil {
		return err
	}
	fresh := conflictsOn(world, reality)
	for _, dir := range []string{ours, theirs} {
		side, found := worldfile.Load(os.DirFS(dir))
		if found.Err() != nil {
			return nil // it is mended by the merge
		}
		for at := range conflictsOn(side, reality) {
			delete(fresh, at)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	var list diag.List
	for _, text := range slices.Sorted(maps.Keys(byText(fresh))) {
		list = append(list, diag.Diagnostic{Severity: diag.Error, Message: text, Hint: "give one of the assignments another priority, or keep them apart"})
	}
	m.console.diagnose(list)
	return conflict
}
