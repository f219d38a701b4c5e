package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/executor/kube"
	"github.com/musterfleet/muster/internal/diag"
)

func kubeCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kube",
		Short: "documents as Kubernetes resources: their definitions, import and export",
		Long: `kube moves a World between files and a namespace of Kubernetes. The resources are the documents,
field by field; kubectl works on them. Every verb that takes a World by -w DIR takes one from a
namespace too: -w kube:NAMESPACE. The API server is that of kubectl: $KUBECONFIG, ~/.kube/config, or
the pod that this runs in.`,
		Example: "  muster kube crds | kubectl apply -f -\n  muster kube import -w fleet/ edge\n  muster plan -w kube:edge",
		Args:    knownVerb,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(kubeCRDs(c), kubeImport(c), kubeExport(c), kubeWebhook(c))
	return cmd
}

func kubeCRDs(c *console) *cobra.Command {
	return &cobra.Command{
		Use: "crds", Short: "print the definitions of the resources, for kubectl apply", Args: noArguments,
		Example: "  muster kube crds | kubectl apply --server-side -f -",
		RunE:    func(*cobra.Command, []string) error { _, err := c.out.Write(kube.Manifest()); return err },
	}
}

func kubeImport(c *console) *cobra.Command {
	var world string
	cmd := &cobra.Command{
		Use: "import NAMESPACE", Short: "make the documents of a namespace those of a directory", Args: cobra.ExactArgs(1),
		Long: `import writes the documents of a World into a namespace and removes those that the World has
not. A World that does not load is refused, and nothing is written. Devices that only mirror the
registry stay.`,
		Example: "  muster kube import -w fleet/ edge",
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := c.worldFiles(world)
			if err != nil {
				return err
			}
			cluster, err := kube.OpenDefault(args[0], kube.DefaultRate)
			if err != nil {
				return err
			}
			done, err := cluster.Import(cmd.Context(), files)
			var list diag.List
			if errors.As(err, &list) {
				return under(world, list)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.out, "%s written, %d as they were, %d removed\n", counted(done.Written, "document", "documents"), done.Unchanged, done.Removed)
			return err
		},
	}
	worldFlag(cmd, &world)
	_ = cmd.MarkFlagRequired("world") // the flag was added just above
	return cmd
}

func kubeExport(c *console) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "export NAMESPACE", Short: "print the documents of a namespace, or write them as a directory", Args: cobra.ExactArgs(1),
		Example: "  muster kube export edge\n  muster kube export edge --out fleet/",
		RunE: func(cmd *cobra.Command, args []string) error {
			cluster, err := kube.OpenDefault(args[0], kube.DefaultRate)
			if err != nil {
				return err
			}
			snapshot, err := cluster.Read(cmd.Context())
			if err != nil {
				return err
			}
			files := snapshot.Export()
			if len(files) == 0 {
				return fmt.Errorf("kube: namespace %s has no document", args[0])
			}
			if out != "" {
				return writeDirectory(out, files)
			}
			for i, name := range slices.Sorted(maps.Keys(files)) {
				if i > 0 {
					fmt.Fprintln(c.out, "---")
				}
				if _, err := fmt.Fprint(c.out, files[name]); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`DIR` to write one file a kind into; it must be empty or new")
	return cmd
}

// writeDirectory writes files into a directory that has none: what lies there already may be a World.
func writeDirectory(dir string, files map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if have, err := os.ReadDir(dir); err != nil {
		return err
	} else if len(have) > 0 {
		return fmt.Errorf("%s: not empty; name a new directory", dir)
	}
	for name, text := range files {
		if err := writeFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// kubePrefix is before a namespace that stands for a World's directory.
const kubePrefix = "kube:"

// kubeNamespace is the namespace that stands for a World's directory, if one does.
func kubeNamespace(world string) (string, bool) { return strings.CutPrefix(world, kubePrefix) }

// loadKubeWorld reads the World of a namespace. Places in it are objects: Fleet/edge.
func (c *console) loadKubeWorld(namespace string) (algebra.World, error) {
	cluster, err := kube.OpenDefault(namespace, kube.DefaultRate)
	if err != nil {
		return algebra.World{}, err
	}
	snapshot, err := cluster.Read(context.Background())
	if err != nil {
		return algebra.World{}, err
	}
	world, found := snapshot.World()
	if found.Err() == nil {
		found = append(found, foreseen(world, "")...)
	}
	if err := found.Err(); err != nil {
		return algebra.World{}, err
	}
	c.diagnose(found)
	return world, nil
}

// worldFiles are the documents of a World's directory, or of a namespace, as texts.
func (c *console) worldFiles(world string) (map[string]string, error) {
	if namespace, ok := kubeNamespace(world); ok {
		cluster, err := kube.OpenDefault(namespace, kube.DefaultRate)
		if err != nil {
			return nil, err
		}
		snapshot, err := cluster.Read(context.Background())
		return snapshot.Files(), err
	}
	if err := directory(world); err != nil {
		return nil, err
	}
	return worldfile.Texts(os.DirFS(world))
}
