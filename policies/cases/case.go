package cases

import (
	"encoding/json"
	"go.yaml.in/yaml/v3"
	"time"
)

// Kind is the kind of the documents.
const Kind = "PolicyTest"

// Test is one PolicyTest document.
type Test struct {
	Name   string
	Policy string // the policy's name, or the rule of a policy that has several
	Cases  []Case
	File   string
	Line   int
}

// Case is one row of a Test.
type Case struct {
	Name string
	Line int
	// Want is pass, deny, warn, info, or error: the policy cannot be evaluated.
	Want string
	// Msg is part of every message wanted; Count how many objections, 0 being any.
	Msg   string
	Count int
	given given
}

// given is what a case says of its plan.
type given struct {
	changes []json.RawMessage // each a row
	plan    json.RawMessage   // laid over the plan
	file    string            // a saved plan instead
	now     time.Time
}

// row is one change of a case.
type row struct {
	Action    string          `json:"action"`    // create, replace or delete
	Container json.RawMessage `json:"container"` // laid over its container
	Device    json.RawMessage `json:"device"`
	Change    json.RawMessage `json:"change"`
	Times     int             `json:"times"` // as many such changes, on devices of their own
}

var wants = []string{"pass", "deny", "warn", "info", "error"}

// document is the YAML form.
type document struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name string `yaml:"name"`
	} `yaml:"metadata"`
	Spec struct {
		Policy string      `yaml:"policy"`
		Cases  []yaml.Node `yaml:"cases"`
	} `yaml:"spec"`
}

type caseDocument struct {
	Name      string `yaml:"name"`
	Action    string `yaml:"action"`
	Container any    `yaml:"container"`
	Device    any    `yaml:"device"`
	Change    any    `yaml:"change"`
	Changes   []any  `yaml:"changes"`
	Plan      any    `yaml:"plan"`
	PlanFile  string `yaml:"planFile"`
	Now       string `yaml:"now"`
	Want      string `yaml:"want"`
	Msg       string `yaml:"msg"`
	Count     int    `yaml:"count"`
}
