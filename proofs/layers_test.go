package proofs

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layer is one row of the import rule. A package belongs to the row with the longest folder
// that holds it; it may import its own row and the rows named in may. Code of *test packages
// and _test.go files may besides import the rows named in tests, all *test packages and
// fixtures (below). "*" is everything.
type layer struct {
	folder string
	may    []string
	tests  []string
}

var layers = []layer{
	{folder: "./selectors"},
	{folder: "./internal/diag"},
	{folder: "./internal/line"},
	{folder: "./internal/durable"},
	{folder: "./identity", may: []string{"./internal/durable"}},
	{folder: "./algebra", may: []string{"./selectors"}},
	{folder: "./algebra/worldfile", may: []string{"./algebra", "./selectors", "./internal/diag"}},
	{folder: "./algebra/possible", may: []string{"./algebra", "./selectors"}},
	{folder: "./algebra/snapshot", may: []string{"./algebra"}},
	{folder: "./planner", may: []string{"./algebra", "./selectors"}},
	{folder: "./policies", may: []string{"./planner", "./algebra", "./selectors", "./identity"}},
	{folder: "./policies/cel", may: engine},
	{folder: "./policies/rego", may: engine},
	{folder: "./policies/cases", may: engine},
	{folder: "./policies/fixtures", may: append([]string{"./algebra/worldfile"}, engine...), tests: everything},
	{folder: "./policies/library", tests: everything},
	{folder: "./executor", may: []string{"./policies", "./planner", "./algebra", "./selectors", "./identity", "./executor/wire", "./executor/rollout"}},
	{folder: "./executor/rollout", may: []string{"./planner", "./algebra", "./selectors", "./executor/wire"}, tests: []string{"./executor/simulate"}},
	{folder: "./executor/simulate", may: []string{"./executor/rollout", "./planner", "./algebra", "./executor/wire"}},
	{folder: "./executor/wire", may: []string{"./algebra"}},
	// The embedded server brings its callout.
	{folder: "./executor/nats", may: append([]string{"./identity/callout", "./internal/line"}, transport...), tests: everything},
	{folder: "./executor/inprocess", may: transport, tests: everything},
	{folder: "./executor/operator", tests: everything,
		may: []string{"./executor", "./executor/rollout", "./executor/operator/rota", "./executor/wire", "./policies", "./planner", "./algebra"}},
	{folder: "./executor/operator/rota", tests: everything, may: []string{"./executor", "./executor/wire"}},
	{folder: "./executor/operator/worlddir", tests: everything, may: []string{"./executor/operator"}},
	// The hub can neither place nor remove work, so it has no use for plans and policies.
	{folder: "./executor/hub", may: []string{"./executor/wire", "./algebra", "./identity", "./internal/line"}, tests: everything},
	{folder: "./executor/office", tests: everything,
		may: []string{"./executor", "./executor/nats", "./executor/wire", "./algebra", "./identity", "./identity/enroll", "./identity/enroll/desk"}},
	{folder: "./executor/kube", tests: everything,
		may: []string{"./executor", "./planner", "./algebra", "./algebra/worldfile", "./selectors", "./internal/diag"}},
	{folder: "./executor/kube/kubetest", tests: everything},
	{folder: "./identity/oidc", may: []string{"./identity", "./internal/durable"}, tests: everything},
	{folder: "./identity/devissuer", may: []string{"./identity", "./internal/durable"}, tests: everything},
	{folder: "./identity/oidc/machine", may: []string{"./identity"}, tests: everything},
	{folder: "./identity/enroll/desk", may: []string{"./identity", "./identity/enroll", "./executor/wire", "./algebra"}, tests: everything},
	{folder: "./identity/enroll", may: []string{"./identity", "./executor/wire", "./algebra"}, tests: everything},
	{folder: "./identity/callout", may: []string{"./identity", "./identity/enroll", "./executor/wire", "./algebra"}, tests: everything},
	{folder: "./agent", may: []string{"./planner", "./algebra", "./executor/wire", "./internal/durable"}},
	{folder: "./agent/agenttest", may: append([]string{"./agent/podman/sandbox"}, device...)},
	{folder: "./agent/podman", may: device, tests: everything},
	{folder: "./agent/podman/sandbox"},
	{folder: "./agent/nats", may: device, tests: everything},
	{folder: "./agent/inprocess", may: device, tests: everything},
	{folder: "./agent/files", may: device, tests: everything},
	{folder: "./agent/vault", may: device, tests: everything},
	{folder: "./agent/systemd", may: append([]string{"./agent/files"}, device...), tests: everything},
	{folder: "./agent/setup", may: []string{"./agent", "./algebra", "./identity"}, tests: everything},
	{folder: "./agent/setup/sshhost", may: []string{"./agent/setup"}, tests: everything},
	// The only places where adapters meet.
	{folder: "./cmd", may: everything},
	{folder: "./examples", may: everything},
	{folder: "./proofs", may: everything},
	// Measurements know nothing of what they measure, so that any test may take them.
	{folder: "./proofs/bench"},
	// An oracle that shared the engine's code would share its mistakes.
	{folder: "./proofs/reference", may: []string{"./algebra", "./selectors"}, tests: everything},
}

var (
	everything = []string{"*"}
	engine     = []string{"./policies", "./planner", "./algebra", "./selectors", "./identity", "./internal/diag"}
	transport  = []string{"./executor", "./executor/wire", "./policies", "./planner", "./algebra", "./identity"}
	device     = []string{"./agent", "./planner", "./algebra", "./executor/wire", "./internal/durable"}

	// fixtures are what any test may lean on: the oracle, the notation of worlds, measurements, and the twins.
	fixtures = []string{"./proofs/reference", "./proofs/bench", "./algebra/worldfile", "./executor/inprocess", "./agent/inprocess"}
)

// soleImporter keeps a foreign module behind one door. Tests of those folders share the right,
// and cmd wires what has to be wired.
type soleImporter struct {
	modules []string
	folders []string
	why     string
}

var soleImporters = []soleImporter{
	{[]string{"github.com/google/cel-go", "cel.dev"}, []string{"./policies/cel"},
		"policies/cel alone knows CEL, so that it can be changed without touching a plan"},
	{[]string{"github.com/open-policy-agent"}, []string{"./policies/rego"},
		"policies/rego alone knows OPA"},
	{[]string{"github.com/hashicorp/go-bexpr"}, []string{"./selectors/importers"},
		"selectors/importers alone reads other tools' selectors"},
	{[]string{"k8s.io", "go.etcd.io/etcd"}, []string{"./executor/kube"},
		"executor/kube alone knows Kubernetes"},
	{[]string{"github.com/containers/podman", "go.podman.io"}, []string{"./agent/podman"},
		"agent/podman alone knows podman; all else speaks agent.Runtime"},
	{[]string{"golang.org/x/crypto/ssh", "github.com/pkg/sftp"}, []string{"./agent/setup/sshhost", "./agent/setup/setuptest"},
		"agent/setup/sshhost alone speaks SSH; the steps see a Host"},
	{[]string{"github.com/crillab/gophersat"}, []string{"./selectors/analysis"},
		"selectors/analysis alone asks a SAT solver"},
	{[]string{"github.com/zitadel"}, []string{"./identity/oidc", "./identity/devissuer"},
		"identity/oidc and identity/devissuer alone know OIDC"},
	{[]string{"github.com/nats-io/nats.go"},
		[]string{"./executor/nats", "./executor/hub", "./executor/office", "./agent/nats", "./identity/callout", "./identity/enroll", "./proofs/attacks", "./proofs/faults", "./proofs/skew", "./cmd"},
		"only adapters speak NATS; the core speaks ports"},
	{[]string{"github.com/nats-io/nats-server"},
		[]string{"./executor/nats", "./executor/hub", "./identity/callout", "./proofs/faults", "./cmd/muster"},
		"the embedded server belongs to the fleet's side, never to a device; agent/nats is tested against it"},
}

// checkLayers lists every import that the two tables forbid, with the reason.
func checkLayers(graph []pkg) []string {
	var bad []string
	for _, p := range graph {
		l, ok := layerOf(p.path)
		if !ok {
			bad = append(bad, fmt.Sprintf("%s: no layer has this folder; a new one needs a row in layers", p.path))
			continue
		}
		tested := isTestPackage(p.path)
		for _, to := range p.imports {
			bad = append(bad, checkEdge(p.path, l, to, tested)...)
		}
		for _, to := range p.testImports {
			bad = append(bad, checkEdge(p.path+" (test)", l, to, true)...)
		}
	}
	slices.Sort(bad)
	return slices.Compact(bad)
}

func checkEdge(from string, l layer, to string, tested bool) []string {
	var bad []string
	if under(to, ".") && !l.mayImport(to, tested) {
		why := "only the code of " + l.folder + " itself"
		if len(l.may) > 0 {
			why = "only " + strings.Join(l.may, ", ")
		}
		if !tested && isTestPackage(to) {
			why = "no test package, as it is no test"
		}
		bad = append(bad, fmt.Sprintf("%s imports %s: layer %s may import %s", from, to, l.folder, why))
	}
	folder, _, _ := strings.Cut(from, " ")
	for _, s := range soleImporters {
		foreign := slices.ContainsFunc(s.modules, func(m string) bool { return under(to, m) })
		inside := slices.ContainsFunc(s.folders, func(f string) bool { return under(folder, f) })
		if foreign && !inside && !(tested && slices.Equal(l.tests, everything)) {
			bad = append(bad, fmt.Sprintf("%s imports %s: %s", from, to, s.why))
		}
	}
	return bad
}

func (l layer) mayImport(to string, tested bool) bool {
	if isTestPackage(to) && !tested {
		return false
	}
	target, _ := layerOf(to)
	allowed := func(list []string) bool {
		return slices.Contains(list, "*") && !under(to, "./cmd") || slices.Contains(list, target.folder)
	}
	if target.folder == l.folder || allowed(l.may) {
		return true
	}
	return tested && (isTestPackage(to) || allowed(l.tests) || allowed(fixtures))
}

func layerOf(path string) (layer, bool) {
	var found layer
	for _, l := range layers {
		if under(path, l.folder) && len(l.folder) > len(found.folder) {
			found = l
		}
	}
	return found, found.folder != ""
}

// isTestPackage tells helpers of tests by their name: algebratest, agenttest.
func isTestPackage(p string) bool {
	name := path.Base(p)
	return under(p, ".") && strings.HasSuffix(name, "test") && name != "test"
}

func TestLayers(t *testing.T) {
	graph := listPackages(t, "./...")
	if len(graph) < 3 {
		t.Fatalf("read %d packages: the rule would hold of nothing", len(graph))
	}
	for _, v := range checkLayers(graph) {
		t.Error(v)
	}
}

func TestLayersCatchPlantedEdges(t *testing.T) {
	cases := []struct {
		from, to string
		test     bool
		want     string // part of the violation; empty where the edge is allowed
	}{
		{from: "./selectors", to: "./algebra", want: "layer ./selectors"},
		{from: "./algebra", to: "./algebra/worldfile", want: "layer ./algebra may import only ./selectors"},
		{from: "./algebra", to: "./selectors/analysis"},
		{from: "./planner", to: "./policies", want: "layer ./planner"},
		{from: "./policies", to: "./internal/diag", want: "layer ./policies"},
		{from: "./policies/cel", to: "./internal/diag"},
		{from: "./policies", to: "./policies/cel", want: "layer ./policies"},
		{from: "./executor/wire", to: "./policies", want: "layer ./executor/wire"},
		{from: "./executor/hub", to: "./planner", want: "layer ./executor/hub"},
		{from: "./agent", to: "./executor", want: "layer ./agent"},
		{from: "./agent/podman", to: "./agent/nats", want: "layer ./agent/podman"},
		{from: "./agent/podman/sandbox", to: "./agent", want: "layer ./agent/podman/sandbox"},
		{from: "./agent", to: "./agent/agenttest", want: "no test package"},
		{from: "./agent", to: "./agent/agenttest", test: true},
		{from: "./planner", to: "./algebra/worldfile", test: true},
		{from: "./planner", to: "./executor/nats", test: true, want: "planner (test) imports"},
		{from: "./agent/nats", to: "./executor/hub", test: true},
		{from: "./agent/nats", to: "./cmd/muster", test: true, want: "layer ./agent/nats"},
		{from: "./utilities", to: "./algebra", want: "no layer has this folder"},
		{from: "./planner", to: "github.com/google/cel-go/cel", want: "policies/cel alone"},
		{from: "./policies/rego", to: "github.com/open-policy-agent/opa/v1/rego"},
		{from: "./cmd/muster", to: "k8s.io/client-go", want: "executor/kube alone"},
		{from: "./agent", to: "github.com/nats-io/nats.go", want: "only adapters"},
		{from: "./agent", to: "github.com/nats-io/nats.go", test: true, want: "only adapters"},
		{from: "./agent/nats", to: "github.com/nats-io/nats-server/v2/server", test: true},
		{from: "./cmd/muster-agent", to: "github.com/nats-io/nats-server/v2/server", want: "never to a device"},
	}
	for _, c := range cases {
		p := pkg{path: c.from, imports: []string{c.to}}
		if c.test {
			p = pkg{path: c.from, testImports: []string{c.to}}
		}
		got := strings.Join(checkLayers([]pkg{p}), "\n")
		if c.want == "" && got != "" {
			t.Errorf("%s -> %s is allowed, yet: %s", c.from, c.to, got)
		}
		if c.want != "" && !strings.Contains(got, c.want) {
			t.Errorf("%s -> %s: got %q, want a violation with %q", c.from, c.to, got, c.want)
		}
	}
}

// The table is only as good as the graph it is given, so one violation goes the whole way
// through the go command: a file laid over the tree, not written into it.
func TestLayersCatchPlantedFile(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "planted.go")
	place, err := filepath.Abs(filepath.Join(root, "planner", "planted", "planted.go"))
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	for file, text := range map[string]string{
		source:  "package planted\n\nimport (\n\t_ \"github.com/google/cel-go/cel\"\n\n\t_ \"" + module + "/agent\"\n)\n",
		overlay: fmt.Sprintf(`{"Replace": {%q: %q}}`, place, source),
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := checkLayers(listPackages(t, "-overlay", overlay, "./planner/planted"))
	want := []string{
		"./planner/planted imports ./agent: layer ./planner may import only ./algebra, ./selectors",
		"./planner/planted imports github.com/google/cel-go/cel: policies/cel alone knows CEL, so that it can be changed without touching a plan",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
