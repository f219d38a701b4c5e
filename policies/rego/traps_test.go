package rego_test

import (
	"strings"
	"testing"

	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
	"github.com/musterfleet/muster/policies/rego"
)

// Policies that look as if they denied and that other tools pass in silence, as proofs/peers
// shows of conftest and opa. Each is refused when it is read, or denies, in words.
func TestTraps(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"a misspelt key of the plan", `deny contains c.id if { some c in input.resource_changes; "delete" in c.chnage.actions }`, `has no "chnage"; did you mean change?`},
		{"a misspelt key below what may be null", `deny contains c.id if { some c in input.resource_changes; c.change.after.podmn.containers[_].privileged }`, `has no "podmn"; did you mean podman?`},
		{"a misspelt name of a rule", `dney_root contains "x" if input.applyable`, "dney_root decides nothing"},
		{"a prefix nobody asks", `block_root contains "x" if input.applyable`, "block_root decides nothing"},
		{"an allow rule", "default allow := false\nallow if input.summary.delete == 0", "allow decides nothing"},
		{"an exemption of everything", "deny_root contains c.id if some c in input.resource_changes\nexception contains [\"root\"] if input.applyable", "exception exempts a rule for the whole plan"},
		{"a verdict that is no set", `deny := "x" if input.applyable`, "only a set of objections"},
		{"a verdict that is an object", `deny[c.id] := "x" if some c in input.resource_changes`, "only a set of objections"},
		{"an objection of no shape", `deny contains 7 if input.applyable`, "an objection is a text, or an object with msg; this is 7"},
		{"an empty message", `deny contains ""`, "it objects, and its message is empty"},
		{"an error of a builtin", `deny contains "x" if to_number(input.resource_changes[_].device.id) > 0`, "cannot be evaluated: to_number"},
		{"data nobody gave", `deny contains c.id if { some c in input.resource_changes; c.name in data.stateful }`, "data.stateful is defined by no module and no data"},
		{"the network", `deny contains "x" if http.send({"method": "get", "url": "http://127.0.0.1:1"}).status_code == 500`, "http.send is not for policies: it depends on the network"},
		{"the environment", `deny contains "x" if opa.runtime().env.TOKEN != "very-secret"`, "opa.runtime is not for policies: it depends on the environment"},
		{"the clock", `deny contains "x" if time.now_ns() < 0`, "time.now_ns is not for policies"},
		{"chance", `deny contains "x" if rand.intn("x", 9) > 9`, "rand.intn is not for policies"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if said := refusal(t, c.text); !strings.Contains(said, c.want) {
				t.Errorf("got  %s\nwant %s", said, c.want)
			}
		})
	}
}

// refusal is why a module lets no plan pass: that it does not compile, or what it denies.
func refusal(t *testing.T, text string) string {
	t.Helper()
	gates, problems := rego.Compile(module(text))
	if err := problems.Err(); err != nil {
		return err.Error()
	}
	if _, report := policies.Review(pt.Upgrade(t), gates, policies.Options{AllowStop: 1}); report.Denied() {
		return report.Text(false)
	}
	return ""
}
