package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/internal/diag"
)

func fmtCommand(c *console) *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "fmt FILE|DIR|- ...",
		Short: "write World files in canonical form",
		Long: `fmt rewrites the YAML files it is given, and those of the directories it is given, in
canonical form, and prints the names of the files it changed. Meaning and comments stay.
With - it takes the input to the output. A file with errors is left as it is.

With --check nothing is written: the exit code is 2 if a file would change. An error is 1.`,
		Example: `  muster fmt worlds/shop
  muster fmt --check worlds
  muster fmt - < fleets.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("fmt: nothing to format; name files, a directory, or - for the input")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return format(c, args, check) },
	}
	cmd.Flags().BoolVar(&check, "check", false, "only list the files that would change")
	return cmd
}

// format treats every file, so that all errors are told at once.
func format(c *console, args []string, check bool) error {
	var bad diag.List
	differs := false
	for _, arg := range args {
		files, err := yamlFiles(arg)
		if err != nil {
			return fmt.Errorf("fmt: %w", err)
		}
		for _, file := range files {
			changes, found, err := formatOne(c, file, check)
			if err != nil {
				return fmt.Errorf("fmt: %w", err)
			}
			bad = append(bad, found...)
			differs = differs || changes
		}
	}
	if err := bad.Err(); err != nil {
		return err
	}
	if check && differs {
		return changed
	}
	return nil
}

func formatOne(c *console, file string, check bool) (changes bool, bad diag.List, err error) {
	text, err := c.read(file)
	if err != nil {
		return false, nil, err
	}
	out, bad := worldfile.Format(text)
	if len(bad) > 0 {
		for i := range bad {
			bad[i].File = shown(file)
		}
		return false, bad, nil
	}
	changes = !bytes.Equal(out, text)
	switch {
	case file == "-" && !check:
		_, err = c.out.Write(out)
	case changes && !check:
		if err := writeFile(file, out, 0o644); err != nil {
			return false, nil, err
		}
		_, err = fmt.Fprintln(c.out, file)
	case changes:
		_, err = fmt.Fprintln(c.out, shown(file))
	}
	return changes, nil, err
}

// yamlFiles is the file itself, or the files of a directory that a World would be read from.
func yamlFiles(path string) ([]string, error) {
	if path == "-" {
		return []string{path}, nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such file or directory", path)
	}
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	var files []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != path && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && (filepath.Ext(p) == ".yaml" || filepath.Ext(p) == ".yml"):
			files = append(files, p)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no .yaml file in it", path)
	}
	return files, err
}
