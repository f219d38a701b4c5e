package chart

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
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

// TestChartWithNATS: where it is switched on, NATS's official chart takes the place of the server,
// with the values that make it a fleet's broker; where that chart or the accounts are missing, what
// to do is said. A stand-in that shows its values plays the official chart, which is elsewhere.
func TestChartWithNATS(t *testing.T) {
	on := func(accounts string) map[string]any {
		data := map[string]any{"configMap": map[string]any{"merge": map[string]any{"data": map[string]any{"accounts.conf": accounts}}}}
		return map[string]any{"nats": map[string]any{"enabled": true, "server": data}}
	}
	if _, err := Render(folder, "edge", on("accounts: {}")); err == nil || !strings.Contains(err.Error(), "official chart is not here yet; run helm dependency update") {
		t.Errorf("the official chart is not there: %v", err)
	}
	whole := t.TempDir()
	standIn := filepath.Join(whole, "charts/nats/charts/nats")
	if err := errors.Join(os.CopyFS(whole, os.DirFS(folder)), os.MkdirAll(filepath.Join(standIn, "templates"), 0o755),
		os.WriteFile(filepath.Join(standIn, "Chart.yaml"), []byte("{apiVersion: v2, name: nats, version: 1.2.0}"), 0o644),
		os.WriteFile(filepath.Join(standIn, "templates/shown.yaml"), []byte("kind: Shown\nmetadata: {name: values}\nvalues: {{ toJson .Values }}\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := Render(whole, "edge", on("")); err == nil || !strings.Contains(err.Error(), "run muster key services DIR, then give --set-file") {
		t.Errorf("the accounts are not there: %v", err)
	}
	texts, err := Render(whole, "edge", on("accounts: {}"))
	if err != nil {
		t.Fatal(err)
	}
	have := objects(t, slices.Collect(maps.Values(texts))...)
	if have["StatefulSet edge/muster-server"] != nil || have["NetworkPolicy edge/muster-nats"] == nil {
		t.Errorf("of the broker there is %v", slices.Sorted(maps.Keys(have)))
	}
	if text := fmt.Sprint(have["NetworkPolicy edge/muster-operator"]); !strings.Contains(text, "app.kubernetes.io/name:nats") || strings.Contains(text, "component:server") {
		t.Errorf("the operator reaches: %s", text)
	}
	values := have["Shown <nil>/values"]["values"].(map[string]any)
	for path, want := range map[string]any{
		"fullnameOverride": "muster-nats", "config.merge.$include": "accounts.conf", "configMap.merge.data.accounts_conf": "accounts: {}",
		"config.cluster.enabled": true, "config.jetstream.enabled": true, "config.nats.tls.secretName": "muster-server-tls",
		"podTemplate.merge.spec.securityContext.runAsNonRoot": true, "container.merge.securityContext.allowPrivilegeEscalation": false,
		"reloader.merge.securityContext.allowPrivilegeEscalation": false, "natsBox.enabled": false,
	} {
		var at any = values
		for _, key := range strings.Split(path, ".") {
			m, _ := at.(map[string]any)
			at = m[strings.ReplaceAll(key, "_", ".")]
		}
		if at != want {
			t.Errorf("%s is %v, want %v", path, at, want)
		}
	}
	if off := render(t, "edge", nil); off["NetworkPolicy edge/muster-nats"] != nil || off["StatefulSet edge/muster-server"] == nil {
		t.Error("switched off, something of NATS is there, or the server is not")
	}
}
