package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/musterfleet/muster/executor/kube/kubetest"
)

// TestKubectl runs testdata/kubectl: kubectl and muster on a kube-apiserver, as people have them. Each
// script has a namespace of its own.
func TestKubectl(t *testing.T) {
	if _, err := exec.LookPath("kubectl"); err != nil {
		t.Skip("there is no kubectl in the PATH")
	}
	server := kubetest.StartFull(t)
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir() // muster dev starts a real device's agent by its name
	if out, err := exec.Command("go", "build", "-o", bin, "../muster-agent").CombinedOutput(); err != nil {
		t.Fatalf("muster-agent: %s", out)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/kubectl", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "fleet": fleet, "until": until},
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			env.Setenv("KUBECONFIG", server.Kubeconfig)
			env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
			return nil
		},
	})
}
