package proofs

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite deps/*.txt to what the binaries link now")

// notOnDevices is what must never be linked into the agent: the server's side of everything.
var notOnDevices = []string{
	"k8s.io",
	"github.com/google/cel-go",
	"github.com/open-policy-agent",
	"github.com/nats-io/nats-server",
	"github.com/zitadel/oidc/v3/pkg/op",
	"github.com/zitadel/oidc/v3/pkg/client/rp",
	module + "/policies",
	module + "/executor/nats",
	module + "/executor/hub",
	module + "/executor/kube",
	module + "/cmd/muster",
}

// checkAgentDeps compares what the agent links with the list that was agreed on.
func checkAgentDeps(linked, agreed []string) []string {
	var bad []string
	for _, p := range linked {
		for _, f := range notOnDevices {
			if under(p, f) {
				bad = append(bad, p+": must not be linked into muster-agent; go list -deps tells who brings it")
			}
		}
		if !slices.Contains(agreed, p) {
			bad = append(bad, p+": new in muster-agent; if it is worth its size, accept it by `make deps-list`")
		}
	}
	for _, p := range agreed {
		if !slices.Contains(linked, p) {
			bad = append(bad, p+": no longer linked; `make deps-list` drops it from the list")
		}
	}
	return bad
}

func TestAgentDependencies(t *testing.T) {
	list := filepath.Join("deps", "muster-agent.txt")
	if _, err := os.Stat(filepath.Join(root, "cmd", "muster-agent")); err != nil {
		if _, listed := os.Stat(list); listed != nil {
			t.Skip("cmd/muster-agent not built yet, and no list committed")
		}
		t.Fatalf("cmd/muster-agent is gone, yet proofs/%s lists what it links", filepath.ToSlash(list))
	}
	out, err := goTool("list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./cmd/muster-agent")
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(out))
	slices.Sort(linked)
	if *update {
		if err := os.MkdirAll(filepath.Dir(list), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(list, []byte(strings.Join(linked, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	agreed, err := os.ReadFile(list)
	if err != nil {
		t.Fatalf("%v; `make deps-list` writes it", err)
	}
	for _, v := range checkAgentDeps(linked, strings.Fields(string(agreed))) {
		t.Error(v)
	}
}

func TestAgentDependenciesCatchPlanted(t *testing.T) {
	agreed := []string{"example.org/a", "example.org/b"}
	if bad := checkAgentDeps(agreed, agreed); bad != nil {
		t.Errorf("equal lists: %q", bad)
	}
	cases := []struct {
		linked []string
		want   string
	}{
		{[]string{"example.org/a", "example.org/b", "example.org/c"}, "example.org/c: new"},
		{[]string{"example.org/a"}, "example.org/b: no longer linked"},
		{append([]string{"k8s.io/api/core/v1"}, agreed...), "k8s.io/api/core/v1: must not"},
		{append([]string{module + "/policies/cel"}, agreed...), "policies/cel: must not"},
	}
	for _, c := range cases {
		if got := strings.Join(checkAgentDeps(c.linked, agreed), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.linked, got, c.want)
		}
	}
	// Accepting a package into the list does not lift the ban.
	banned := []string{"k8s.io/api"}
	if bad := checkAgentDeps(banned, banned); len(bad) != 1 {
		t.Errorf("a banned package in both lists: %q", bad)
	}
}
