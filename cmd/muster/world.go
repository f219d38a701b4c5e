package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/possible"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/internal/diag"
)

// worldFlag adds -w.
func worldFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVarP(dir, "world", "w", "", "`DIR` of the World's documents, or kube:NAMESPACE")
	if err := cmd.MarkFlagDirname("world"); err != nil {
		panic("muster: " + err.Error()) // the flag was added just above
	}
}

// kubeFlag adds --kube, another way to say -w kube:NAMESPACE.
func kubeFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().Func("kube", "take the World of the Kubernetes `NAMESPACE`, as -w kube:NAMESPACE does", func(namespace string) error {
		*dir = kubePrefix + namespace
		return nil
	})
	cmd.MarkFlagsMutuallyExclusive("world", "kube")
}

// loadWorld reads the World in a directory. Its warnings are told here; its errors are a
// diag.List. Both name files as the caller would open them, while Sources inside the World
// stay relative to it, so that a plan reads the same wherever the directory lies.
func (c *console) loadWorld(dir string) (algebra.World, error) {
	if namespace, ok := kubeNamespace(dir); ok {
		return c.loadKubeWorld(namespace)
	}
	if err := directory(dir); err != nil {
		return algebra.World{}, err
	}
	world, found := worldfile.Load(os.DirFS(dir))
	if found.Err() == nil {
		found = append(found, foreseen(world, dir)...)
	}
	found = under(dir, found)
	if err := found.Err(); err != nil {
		return algebra.World{}, err
	}
	c.diagnose(found)
	return world, nil
}

// foreseen is what a World would do to devices that nobody has seen yet: warnings, and errors
// where the World is strict or is not proved to keep a theorem of its own.
func foreseen(world algebra.World, dir string) diag.List {
	found, err := inTime(context.Background(), func() ([]possible.Finding, error) { return possible.Check(world), nil })
	if err != nil {
		found = []possible.Finding{{Message: "conflicts and theorems: " + err.Error(), Unproved: len(world.Theorems) > 0}}
	}
	var out diag.List
	for _, f := range found {
		d := diag.Diagnostic{Severity: diag.Warning, File: f.Source.File, Line: f.Source.Line, Message: f.Message, Hint: f.Hint}
		if world.Strict || f.Unproved {
			d.Severity = diag.Error
		}
		if f.Other.File != "" {
			f.Other.File = filepath.Join(dir, f.Other.File)
			d.Message += "; the other one is at " + f.Other.String()
		}
		if f.Witness != nil {
			d.Hint = strings.TrimPrefix(d.Hint+"; for example ", "; ") + f.Witness.String()
		}
		out = append(out, d)
	}
	return out
}

// directory says in plain words why a path is no directory.
func directory(dir string) error {
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: no such directory; name one that holds YAML documents", dir)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s: not a directory; name the directory that holds it", dir)
	}
	return nil
}

// under places diagnostics of a directory's files; what is about no file is about the directory.
func under(dir string, list diag.List) diag.List {
	out := make(diag.List, len(list))
	for i, d := range list {
		d.File = filepath.Join(dir, d.File)
		out[i] = d
	}
	return out
}
