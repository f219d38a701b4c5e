package chart

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const (
	manifests = "../../../executor/kube/manifests"
	folder    = manifests + "/chart"
)

// objects are documents by kind, namespace and name.
func objects(t *testing.T, texts ...string) map[string]map[string]any {
	t.Helper()
	out := map[string]map[string]any{}
	for _, text := range texts {
		for _, document := range strings.Split(text, "\n---\n") {
			var o map[string]any
			if err := yaml.Unmarshal([]byte(document), &o); err != nil {
				t.Fatalf("%v in:\n%s", err, document)
			}
			if len(o) == 0 {
				continue
			}
			meta := o["metadata"].(map[string]any)
			delete(meta, "labels") // kustomize puts some on all
			out[fmt.Sprint(o["kind"], " ", meta["namespace"], "/", meta["name"])] = o
		}
	}
	return out
}

func render(t *testing.T, namespace string, values map[string]any) map[string]map[string]any {
	t.Helper()
	texts, err := Render(folder, namespace, values)
	if err != nil {
		t.Fatal(err)
	}
	return objects(t, slices.Collect(maps.Values(texts))...)
}

// TestChartIsTheManifests: with its defaults, in namespace muster, the chart is what kustomize makes
// of the manifests, but for the namespace and the definitions, which Helm handles by itself.
func TestChartIsTheManifests(t *testing.T) {
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), manifests)
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	want := objects(t, string(text))
	maps.DeleteFunc(want, func(name string, _ map[string]any) bool {
		return strings.HasPrefix(name, "CustomResourceDefinition ") || strings.HasPrefix(name, "Namespace ")
	})
	have := render(t, "muster", nil)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch h, ok := have[name]; {
		case !ok:
			t.Errorf("the chart lacks %s", name)
		case !reflect.DeepEqual(h, want[name]):
			a, _ := yaml.Marshal(h) // they were read from YAML
			b, _ := yaml.Marshal(want[name])
			t.Errorf("%s differs:\n%s\nand in the manifests:\n%s", name, a, b)
		}
	}
	for name := range have {
		if want[name] == nil {
			t.Errorf("the manifests lack %s", name)
		}
	}
	if len(want) < 20 {
		t.Errorf("only %d objects", len(want))
	}
}

// TestChartValues: what can be switched off is off, and nothing is of another namespace but the leases
// of nodes.
func TestChartValues(t *testing.T) {
	least := render(t, "edge", map[string]any{"server": map[string]any{"enabled": false}, "webhook": map[string]any{"enabled": false}, "nodes": map[string]any{"enabled": false}})
	for name := range least {
		if !strings.Contains(name, " edge/muster-") {
			t.Errorf("%s is there, and is not of the operator in namespace edge", name)
		}
	}
	if least["StatefulSet edge/muster-server"] != nil || least["Deployment edge/muster-webhook"] != nil || least["Deployment edge/muster-operator"] == nil {
		t.Errorf("switched off: %v", slices.Sorted(maps.Keys(least)))
	}
	for name := range render(t, "edge", nil) {
		if strings.Contains(name, " muster/") {
			t.Errorf("%s is not in the namespace of the release", name)
		}
	}
	given := render(t, "muster", map[string]any{"operator": map[string]any{"args": []any{"--allow-stop", "20"}}})
	if text := fmt.Sprint(given["Deployment muster/muster-operator"]); !strings.Contains(text, "--project-nodes --allow-stop 20") {
		t.Errorf("the arguments are not the operator's: %s", text)
	}
	if _, err := Render(folder, "muster", map[string]any{"webhook": map[string]any{"certManager": false}}); err == nil || !strings.Contains(err.Error(), "webhook.caBundle: give the certificate") {
		t.Errorf("a webhook that nobody trusts: %v", err)
	}
}
