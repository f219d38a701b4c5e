package cel_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/cel"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

// document is a policy as people write it, in a World by itself.
func document(t *testing.T, spec string) []algebra.Policy {
	t.Helper()
	return pt.World(t, "kind: Policy\nmetadata: {name: p}\nspec:\n"+spec).Policies
}

// A policy in the parts of Kubernetes' ValidatingAdmissionPolicy.
func TestParts(t *testing.T) {
	cases := map[string]struct{ spec, want string }{
		"validations are rules of their own": {`
  params: {most: 1}
  validations:
  - {id: image, expression: '!object.podman.containers.exists(c, c.image.contains("web"))', messageExpression: '"no " + object.app + " on " + device.id', level: warn}
  - {id: batch, expression: 'action.batch < params.most', message: too late}
  matchConditions:
  - {name: starts, expression: 'object != null'}
  - {name: edge1, expression: 'device.id == "edge001"'}`,
			"warn p/image: no web on edge001"},
		"one validation has the policy's name": {`
  validations: [{expression: 'device.id != "edge002"'}]
  message: not there`, "deny p: not there"},
		"variables": {`
  variables:
  - {name: images, expression: 'deployment.podman.containers.map(c, c.image)'}
  - {name: web, expression: 'variables.images.filter(i, i.contains("web"))'}
  matchConditions: [{name: first, expression: 'device.id == "edge001"'}]
  messageExpression: '"images: " + variables.web.join(",")'
  cel: 'variables.web.size() == 0'`, "deny p: images: r/web:2"},
		"a variable nobody reads costs nothing": {`
  variables: [{name: bad, expression: 'device.labels["nope"]'}]
  cel: 'true || variables.bad == ""'`, ""},
		"a variable that fails": {`
  variables: [{name: bad, expression: 'device.labels["nope"]'}]
  matchConditions: [{name: first, expression: 'device.id == "edge002"'}]
  cel: 'variables.bad == ""'`, `deny p: cannot be evaluated: variable bad: no such key: nope; for a key that may be missing, write device.labels[?"nope"].orValue("")`},
		"a message that fails": {`
  matchConditions: [{name: first, expression: 'device.id == "edge002"'}]
  messageExpression: 'device.labels["nope"]'
  message: so be it
  cel: 'false'`, "deny p: so be it"},
		"a match condition that fails": {`
  matchConditions: [{name: site, expression: 'device.labels["nope"] == "" && device.id == "edge002"'}, {name: first, expression: 'device.id == "edge002"'}]
  cel: 'true'`, `deny p: cannot be evaluated: no such key: nope; for a key that may be missing, write device.labels[?"nope"].orValue("")`},
		"in scope plan": {`
  scope: plan
  variables: [{name: n, expression: 'object.resource_changes.size()'}]
  messageExpression: 'string(variables.n) + " changes"'
  cel: 'variables.n < 3'`, "deny p: 10 changes"},
	}
	for name, c := range cases {
		gates, problems := cel.Compile(document(t, c.spec))
		if len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		_, report := policies.Review(upgrade(t), gates, policies.Options{AllowStop: 1})
		var got []string
		for _, r := range report.Results {
			if !r.Inverse {
				got = append(got, r.Level.String()+" "+r.Rule+": "+r.Msg)
			}
		}
		if got = slices.Compact(got); strings.Join(got, "\n") != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", name, strings.Join(got, "\n"), c.want)
		}
	}
}

// Each part is checked when the policy is loaded.
func TestPartsRefuse(t *testing.T) {
	for spec, want := range map[string]string{
		"\n  variables: [{name: a, expression: 'variables.b'}, {name: b, expression: '1'}]\n  cel: 'variables.a == 1'": "world.yaml:7:48: error: policy p: variable a: undefined field 'b'; a variable may use those declared before it",
		"\n  variables: [{name: abc, expression: '1'}]\n  cel: 'variables.abd == 1'":                                   "world.yaml:8:19: error: policy p: undefined field 'abd'; did you mean abc?",
		"\n  variables: [{name: a, expression: '1'}]\n  cel: 'variables.a == \"1\"'":                                   "int == string: these types do not go together",
		"\n  cel: 'variables.a == 1'":                                                               "undeclared reference to 'variables'",
		"\n  matchConditions: [{name: a, expression: '1'}]\n  cel: 'true'":                          "world.yaml:7:44: error: policy p: match condition a: it gives a value of type int, and a policy is true or false",
		"\n  messageExpression: '1'\n  cel: 'true'":                                                 "world.yaml:7:23: error: policy p: its messageExpression: it gives a value of type int, not a text",
		"\n  validations: [{id: a, expression: 'true'}, {id: b, expression: 'device.nme == \"\"'}]": "world.yaml:7:74: error: policy p/b: undefined field 'nme'",
	} {
		if _, problems := cel.Compile(document(t, spec)); !strings.Contains(problems.Error(), want) {
			t.Errorf("%s\ngot  %v\nwant %s", spec, problems, want)
		}
	}
}
