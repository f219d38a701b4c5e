package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/internal/diag"
)

// Export is the documents as a directory of a World: one file for each kind, in canonical form.
func (s Snapshot) Export() map[string]string {
	out := map[string]string{}
	for _, k := range kinds {
		var documents []string
		for i := range s.Objects {
			if o := &s.Objects[i]; o.GetKind() == k.name && declares(o) {
				documents = append(documents, document(o))
			}
		}
		if len(documents) == 0 {
			continue
		}
		slices.Sort(documents)
		text := strings.Join(documents, "---\n")
		if formatted, errs := worldfile.Format([]byte(text)); len(errs) == 0 {
			text = string(formatted)
		}
		out[k.plural+".yaml"] = text
	}
	return out
}

// Imported counts what an import did.
type Imported struct{ Written, Unchanged, Removed int }

// Import makes the documents of a namespace those of a World's files. What is in the namespace
// and not in the files is removed; Device objects that mirror the registry stay. The files must
// load: nothing is written otherwise.
func (c *Cluster) Import(ctx context.Context, files map[string]string) (Imported, error) {
	var done Imported
	if _, errs := worldfile.LoadFiles(files); len(errs) > 0 {
		return done, errs.Err()
	}
	want, err := objects(files)
	if err != nil {
		return done, err
	}
	before, err := c.Read(ctx)
	if err != nil {
		return done, err
	}
	have := map[string]*unstructured.Unstructured{}
	for i := range before.Objects {
		if o := &before.Objects[i]; declares(o) {
			have[ref(o)] = o
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		o := want[name]
		if h := have[name]; h != nil && equality.Semantic.DeepEqual(h.Object["spec"], o.Object["spec"]) {
			done.Unchanged++
			continue
		}
		k, _ := kindNamed(o.GetKind())
		o.SetNamespace(c.namespace)
		if _, err := c.of(k).Apply(ctx, o.GetName(), o, metav1.ApplyOptions{FieldManager: "muster-import", Force: true}); err != nil {
			return done, fmt.Errorf("kube: %s: %w; %d written before it stay", name, err, done.Written)
		}
		done.Written++
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if want[name] != nil {
			continue
		}
		k, _ := kindNamed(have[name].GetKind())
		if err := c.of(k).Delete(ctx, have[name].GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return done, fmt.Errorf("kube: %s: %w", name, err)
		}
		done.Removed++
	}
	return done, nil
}

// objects are the documents of files, by their references. Texts stay the texts that worldfile
// reads: version 1.10 is no number.
func objects(files map[string]string) (map[string]*unstructured.Unstructured, error) {
	out := map[string]*unstructured.Unstructured{}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		canonical, errs := worldfile.Format([]byte(files[file]))
		if len(errs) > 0 {
			return nil, errs.Err()
		}
		decoder := yaml.NewDecoder(strings.NewReader(string(canonical)))
		for {
			var node yaml.Node
			if err := decoder.Decode(&node); err != nil {
				break // Format read it to its end
			}
			if len(node.Content) == 0 {
				continue
			}
			o, err := object(node.Content[0])
			if err != nil {
				return nil, diag.List{{Severity: diag.Error, File: file, Line: node.Content[0].Line, Message: err.Error()}}
			}
			out[ref(o)] = o
		}
	}
	return out, nil
}

func object(n *yaml.Node) (*unstructured.Unstructured, error) {
	var header struct {
		Kind     string
		Metadata struct{ Name string }
		Spec     yaml.Node
	}
	if err := n.Decode(&header); err != nil {
		return nil, err
	}
	k, ok := kindNamed(header.Kind)
	if !ok {
		return nil, fmt.Errorf("there is no resource for kind %s; it stays in files", header.Kind)
	}
	spec, err := value(&header.Spec, k.spec, "")
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", header.Kind, header.Metadata.Name, err)
	}
	o := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	o.SetAPIVersion(Group + "/" + Version)
	o.SetKind(header.Kind)
	o.SetName(header.Metadata.Name)
	return o, nil
}
