package bench

import (
	"fmt"
	"strings"
)

// rule is one rule in both languages: what must hold in CEL, and when Rego objects to a change c.
type rule struct{ name, cel, rego string }

const (
	everyContainer = "object == null || object.podman.containers.all(c, "
	someContainer  = "some k in c.change.after.podman.containers\n"
)

// rules are twenty as people write them. Two object to some actions of the plan, and one asks of each
// device by itself, as it reads all labels.
var rules = []rule{
	{"latest", everyContainer + `!c.image.endsWith(":latest"))`, someContainer + `endswith(k.image, ":latest")`},
	{"privileged", everyContainer + `!c.privileged)`, someContainer + `k.privileged`},
	{"registry", everyContainer + `c.image.startsWith("registry.example/"))`, someContainer + `not startswith(k.image, "registry.example/")`},
	{"ports", everyContainer + `c.ports.all(p, p.host >= 1024))`, someContainer + "some p in k.ports\np.host < 1024"},
	{"mounts", everyContainer + `c.mounts.all(m, m.read_only || m.host.startsWith("/srv/")))`, someContainer + "some m in k.mounts\nnot m.read_only\nnot startswith(m.host, \"/srv/\")"},
	{"network", everyContainer + `c.network != "host")`, someContainer + `k.network == "host"`},
	{"memory", everyContainer + `c.memory > 0)`, someContainer + `k.memory == 0`},
	{"health", everyContainer + `size(c.health) > 0)`, someContainer + `count(k.health) == 0`},
	{"restart", everyContainer + `c.restart == "always")`, someContainer + `k.restart != "always"`},
	{"names", everyContainer + `c.name.matches("^[a-z][a-z0-9-]*$"))`, someContainer + "not regex.match(`^[a-z][a-z0-9-]*$`, k.name)"},
	{"containers", `object == null || object.podman.containers.size() <= 4`, `count(c.change.after.podman.containers) > 4`},
	{"placed", `"site" in device.labels`, `not c.device.labels.site`},
	{"arch", `device.facts[?"arch"].orValue("") in ["aarch64", "x86_64", "armv7l"]`, `not object.get(c.device.facts, "arch", "") in {"aarch64", "x86_64", "armv7l"}`},
	{"reachable", `device.reachable || !action.disruptive`, "not c.device.reachable\nc.disruptive"},
	{"batches", `action.batch < 100`, `c.batch >= 100`},
	{"upgrade", `oldObject == null || object == null || oldObject.version != object.version`, `c.change.before.version == c.change.after.version`},
	{"declared", `action.source.file != ""`, `c.source.file == ""`},
	{"lengths", `device.labels.all(k, size(device.labels[k]) <= 63)`, "some value in c.device.labels\ncount(value) > 63"},
	{"kiosks", `device.labels[?"role"].orValue("") != "kiosk" || device.labels[?"ring"].orValue("") != "7"`, "c.device.labels.role == \"kiosk\"\nc.device.labels.ring == \"7\""},
	{"agents", `!device.facts[?"agent.version"].orValue("").startsWith("1.9.") || device.labels[?"region"].orValue("") != "us-west"`, "startswith(c.device.facts[\"agent.version\"], \"1.9.\")\nc.device.labels.region == \"us-west\""},
}

// documents are rules as Policy documents in CEL.
func documents(list []rule) string {
	var b strings.Builder
	for _, r := range list {
		fmt.Fprintf(&b, "---\napiVersion: muster.fleet/v1alpha1\nkind: Policy\nmetadata: {name: %s}\nspec:\n  scope: action\n  level: deny\n  cel: '%s'\n", r.name, r.cel)
	}
	return b.String()
}

// module is rules as one module in Rego, as conftest takes it.
func module(list []rule) string {
	var b strings.Builder
	b.WriteString("package main\n")
	for _, r := range list {
		fmt.Fprintf(&b, "\ndeny_%s contains c.address if {\n\tsome c in input.resource_changes\n\t%s\n}\n", r.name, strings.ReplaceAll(r.rego, "\n", "\n\t"))
	}
	return b.String()
}
