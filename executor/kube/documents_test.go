package kube

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	apiext "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/musterfleet/muster/algebra/worldfile"
)

// The samples in testdata/world are one World that has every field of every kind.
func samples(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	paths, err := filepath.Glob("testdata/world/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no samples", err)
	}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(p)] = string(text)
	}
	return files
}

// TestTypesAreTheDocuments holds the types against what worldfile reads: at each mapping of each
// sample, the fields that worldfile knows are those of the schema, and the samples have all.
func TestTypesAreTheDocuments(t *testing.T) {
	files := samples(t)
	if _, errs := worldfile.LoadFiles(files); len(errs) > 0 {
		t.Fatalf("the samples are no World:\n%v", errs)
	}
	seen := map[string]bool{}
	for name, text := range files {
		for i, doc := range strings.Split(text, "\n---\n") {
			var node yaml.Node
			if err := yaml.Unmarshal([]byte(doc), &node); err != nil {
				t.Fatal(err)
			}
			root := node.Content[0]
			k, ok := kindNamed(valueOf(root, "kind").Value)
			if !ok {
				t.Fatalf("%s: document %d is of no kind", name, i)
			}
			walk(valueOf(root, "spec"), schemaOf(k.spec, ""), k.name, func(at *yaml.Node, s apiext.JSONSchemaProps, path string) {
				for j := 0; j < len(at.Content); j += 2 {
					seen[path+"."+at.Content[j].Value] = true
				}
				strange := &yaml.Node{Kind: yaml.ScalarNode, Value: "zzzz"}
				at.Content = append(at.Content, strange, &yaml.Node{Kind: yaml.ScalarNode, Value: "1"})
				broken, err := yaml.Marshal(&node)
				if err != nil {
					t.Fatal(err)
				}
				at.Content = at.Content[:len(at.Content)-2]
				if known := knownBy(string(broken)); !slices.Equal(known, slices.Sorted(mapsKeys(s.Properties))) && !(path == "Policy" && slices.Equal(known, []string{"never"})) {
					t.Errorf("%s: worldfile knows %v, the schema %v", path, known, slices.Sorted(mapsKeys(s.Properties)))
				}
			})
		}
	}
	for _, k := range kinds {
		for _, field := range fieldsOf(k.spec, k.name) {
			if !seen[field] {
				t.Errorf("no sample has %s", field)
			}
		}
	}
}

func mapsKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// knownBy is what worldfile says that it knows in place of zzzz, sorted.
func knownBy(doc string) []string {
	_, errs := worldfile.LoadFiles(map[string]string{"x.yaml": doc})
	for _, e := range errs {
		if strings.Contains(e.Message, "unknown field zzzz") {
			known := strings.Split(strings.TrimPrefix(e.Hint, "known: "), ", ")
			slices.Sort(known)
			return known
		}
	}
	return nil
}

func valueOf(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return &yaml.Node{}
}

// walk visits the mappings of a document whose fields a schema fixes.
func walk(n *yaml.Node, s apiext.JSONSchemaProps, path string, visit func(*yaml.Node, apiext.JSONSchemaProps, string)) {
	switch {
	case n.Kind == yaml.SequenceNode && s.Items != nil:
		for _, item := range n.Content {
			walk(item, *s.Items.Schema, path, visit)
		}
	case n.Kind == yaml.MappingNode && len(s.Properties) > 0:
		visit(n, s, path)
		for i := 0; i+1 < len(n.Content); i += 2 {
			if p, ok := s.Properties[n.Content[i].Value]; ok {
				walk(n.Content[i+1], p, path+"."+n.Content[i].Value, visit)
			}
		}
	}
}

// fieldsOf are all fields of a type and of those within.
func fieldsOf(t reflect.Type, path string) (out []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		out = append(append(out, path+"."+name), fieldsOf(t.Field(i).Type, path+"."+name)...)
	}
	return out
}
