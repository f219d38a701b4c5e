package kube_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/musterfleet/muster/executor/kube"
)

// manifests are the objects of muster's own deployment, each read strictly as its type has it. What
// kustomize and cert-manager define is left out, and the chart, which proofs/tools/chart renders.
func manifests(t *testing.T) []runtime.Object {
	t.Helper()
	paths, err := filepath.Glob("manifests/*/*.yaml")
	must(t, err)
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	var out []runtime.Object
	for _, path := range paths {
		if filepath.Dir(path) == "manifests/chart" || slices.Contains([]string{"kustomization.yaml", "certificate.yaml", "crds.yaml"}, filepath.Base(path)) {
			continue
		}
		text, err := os.ReadFile(path)
		must(t, err)
		for i, document := range regexp.MustCompile(`(?m)^---\n`).Split(string(text), -1) {
			o, _, err := decoder.Decode([]byte(document), nil, nil)
			if err != nil {
				t.Errorf("%s: object %d: %v", path, i+1, err)
				continue
			}
			out = append(out, o)
		}
	}
	if len(out) < 20 {
		t.Fatalf("only %d objects", len(out))
	}
	return out
}

// TestManifestsHaveTheDefinitions: what is applied is what muster kube crds prints.
func TestManifestsHaveTheDefinitions(t *testing.T) {
	for _, path := range []string{"manifests/base/crds.yaml", "manifests/chart/crds/crds.yaml"} {
		text, err := os.ReadFile(path)
		must(t, err)
		if !bytes.Equal(text, kube.Manifest()) {
			t.Errorf("%s is not what muster kube crds prints; write it anew", path)
		}
	}
}

// TestManifestsRunConfined: no pod runs as root, writes to its image or keeps a capability, and each
// has bounds and probes.
func TestManifestsRunConfined(t *testing.T) {
	pods := 0
	for _, o := range manifests(t) {
		var spec core.PodSpec
		switch o := o.(type) {
		case *apps.Deployment:
			spec = o.Spec.Template.Spec
		case *apps.StatefulSet:
			spec = o.Spec.Template.Spec
		default:
			continue
		}
		pods++
		if wrong := loose(spec); len(wrong) > 0 {
			t.Errorf("%s: %v", spec.Containers[0].Name, wrong)
		}
	}
	if pods != 3 {
		t.Errorf("%d kinds of pods, want the server, the operator and the webhook", pods)
	}
	if wrong := loose(core.PodSpec{Containers: []core.Container{{}}}); len(wrong) < 6 {
		t.Errorf("of a pod that is confined by nothing it says only %v", wrong)
	}
}

// loose is what of a pod is not as the restricted pod security and we want it.
func loose(p core.PodSpec) (wrong []string) {
	check := func(ok bool, what string) {
		if !ok {
			wrong = append(wrong, what)
		}
	}
	yes := func(b *bool) bool { return b != nil && *b }
	s := p.SecurityContext
	check(s != nil && yes(s.RunAsNonRoot) && s.SeccompProfile != nil && s.SeccompProfile.Type == core.SeccompProfileTypeRuntimeDefault, "runs as root or without seccomp")
	for _, c := range p.Containers {
		s := c.SecurityContext
		check(s != nil && s.AllowPrivilegeEscalation != nil && !*s.AllowPrivilegeEscalation, "may become more")
		check(s != nil && yes(s.ReadOnlyRootFilesystem), "writes to its image")
		check(s != nil && s.Capabilities != nil && slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) && len(s.Capabilities.Add) == 0, "keeps capabilities")
		check(!c.Resources.Limits.Memory().IsZero() && !c.Resources.Requests.Cpu().IsZero(), "has no bounds")
		check(c.LivenessProbe != nil, "has no probe")
	}
	return wrong
}

// TestManifestsGiveLittle: no rule gives all verbs, any secret, or a spec to the operator.
func TestManifestsGiveLittle(t *testing.T) {
	for _, o := range manifests(t) {
		var rules []rbac.PolicyRule
		name := ""
		switch o := o.(type) {
		case *rbac.Role:
			rules, name = o.Rules, o.Name
		case *rbac.ClusterRole:
			rules, name = o.Rules, o.Name
		default:
			continue
		}
		for _, r := range rules {
			what := fmt.Sprintf("%s: %v on %v of %v", name, r.Verbs, r.Resources, r.APIGroups)
			writes := slices.ContainsFunc(r.Verbs, func(v string) bool { return !slices.Contains([]string{"get", "list", "watch"}, v) })
			if slices.Contains(r.Verbs, "*") || slices.Contains(r.APIGroups, "*") || slices.Contains(r.Resources, "secrets") || slices.Contains(r.Resources, "*") && writes {
				t.Error(what)
			}
			for _, spec := range []string{"fleets", "policies", "rollouts", "waivers", "worlds", "environments"} {
				if slices.Contains(r.Resources, spec) && writes {
					t.Errorf("%s: the operator changes what people declare", what)
				}
			}
		}
	}
}
