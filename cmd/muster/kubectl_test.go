package main

import (
	"context"
	"encoding/base64"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	scripts, err := filepath.Glob("testdata/kubectl/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	params := testscript.Params{
		UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "certify": certify, "fleet": fleet, "until": until, "uses-all": usesAll(server)},
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			env.Setenv("MANIFESTS", filepath.Join(examples, "../executor/kube/manifests"))
			env.Setenv("KUBECONFIG", server.Kubeconfig)
			env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
			return nil
		},
	}
	for _, script := range scripts { // one after the other: webhooks and Nodes are of the whole cluster
		params.Files = []string{script}
		t.Run(filepath.Base(script), func(t *testing.T) { testscript.Run(t, params) })
	}
}

// usesAll is `uses-all NAMESPACE ACCOUNT`: the service account has no right that it did not use.
func usesAll(server *kubetest.Full) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: uses-all NAMESPACE ACCOUNT")
		}
		idle, err := server.Idle(context.Background(), args[0], args[1])
		ts.Check(err)
		if len(idle) > 0 {
			ts.Fatalf("%s may, and never did: %s", args[1], strings.Join(idle, "; "))
		}
	}
}

// certify is `certify DIR`: it writes a certificate of 127.0.0.1 and its key there, and sets CA to the
// certificate as Kubernetes has it and PORT to a port that is free.
func certify(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: certify DIR")
	}
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o700))
	crt, err := kubetest.Certify(ts.MkAbs(args[0]), "localhost")
	ts.Check(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv("CA", base64.StdEncoding.EncodeToString(crt))
	ts.Setenv("PORT", port)
}
