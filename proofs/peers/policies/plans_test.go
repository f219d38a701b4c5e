package policies

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

// cautious, careless and quiet are Worlds, with what ran before them. Of the rules of the corpus
// each objects to one of the plans at least, and lets one pass.
const (
	base = `
kind: Deployment
metadata: {name: web-1}
spec: {app: web, version: "1", podman: {containers: [{name: web, image: r/web:1, resources: {memory: 64MiB}}]}}
---
apiVersion: muster.fleet/v1alpha1
kind: Deployment
metadata: {name: web-3}
spec: {app: web, version: "3", podman: {containers: [{name: web, image: r/web:3, resources: {memory: 64MiB}}]}}
---
apiVersion: muster.fleet/v1alpha1
kind: Deployment
metadata: {name: db-1}
spec: {app: db, version: "1", podman: {containers: [{name: db, image: r/db:1, resources: {memory: 64MiB}}]}}
---
apiVersion: muster.fleet/v1alpha1
kind: Deployment
metadata: {name: log-1}
spec: {app: log, version: "1", podman: {containers: [{name: log, image: r/log:1, resources: {memory: 64MiB}}]}}
---
apiVersion: muster.fleet/v1alpha1
kind: Deployment
metadata: {name: web-2}
spec: {app: web, version: "2", podman: {containers: [
  {name: web-1, image: docker.example/web:latest, privileged: true, ports: [{host: 80}], mounts: [{host: /etc/web, container: /etc/web}]},
  {name: net, image: r/net:1, network: host}]}}`
)

// plan is a plan file written by muster, on devices that differ.
type plan struct {
	file planfile.File
	path string
}

// plans writes one file for each case.
func plans(t *testing.T) []plan {
	t.Helper()
	devices := pt.Devices(9)
	for i := range devices {
		switch i {
		case 1:
			devices[i].Labels["tier"], devices[i].Labels["protected"] = "clinical", "yes"
		case 2:
			delete(devices[i].Labels, "site")
		case 4:
			devices[i].Facts["arch"] = "riscv64"
		}
	}
	assign := pt.Assignment
	running := pt.World(t, base, assign("web", "{edge[001-005]}", "web@3"), assign("db", "{edge[001-003]}", "db"), assign("log", "{edge009}", "log"))
	cases := []struct {
		name  string
		after algebra.World
		who   string
	}{
		{"careless", pt.World(t, base, assign("web", "{edge[001-008]} - {edge008}", "web@2"), assign("new", "{edge008}", "web@3"),
			assign("one", "{edge009}", "web@1"), assign("other", "{edge009}", "web@3")), "eve"}, // which contradict each other
		{"cautious", pt.World(t, base, assign("web", "{edge[001-005]}", "web@3"), assign("db", "{edge[001-003]}", "db"), assign("log", "{edge009}", "log"), assign("one", "{edge007}", "log")), "ana"},
		{"quiet", running, "ana"},
	}
	var out []plan
	for i, c := range cases {
		p := pt.Propose(t, devices, running, c.after)
		p.Request.User = c.who
		if c.name == "careless" {
			for id, record := range p.Reality.Records {
				if id.String() == "edge002" {
					record.Heard = record.Heard.AddDate(0, 0, -1)
					p.Reality.Records[id] = record
				}
			}
			p.Now = p.Now.AddDate(0, 0, 5) // a Saturday
			p.Plan.Partial = true
		}
		file := planfile.From(p.Plan, p.Reality, p.Request, p.Now)
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d-%s.json", i, c.name))
		if err := os.WriteFile(path, file.JSON(), 0o644); err != nil {
			t.Fatal(err)
		}
		out = append(out, plan{file, path})
	}
	return out
}

// muster is what our own gates find.
func muster(t *testing.T, p plan, gates policies.Gates) policies.Report {
	t.Helper()
	report, err := policies.Judge(p.file, gates, policies.Options{AllowStop: 100, AllowEmpty: true})
	if err != nil {
		t.Fatal(err)
	}
	return report
}
