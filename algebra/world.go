package algebra

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// World is all that is declared. Its lists are in the order of names; a World made by
// worldfile is whole: every name in it resolves.
type World struct {
	Devices     []DeclaredDevice
	Fleets      []Definition
	Deployments []DeclaredDeployment
	Assignments []Definition
	Policies    []Policy
	Waivers     []Waiver
	// Environments are names under which plans may be judged with other levels.
	Environments []Environment
	Rollouts     []Rollout
	// Theorems are what must hold of any device there could be.
	Theorems []Theorem
	// ImageSizes are the bytes that a device pulls for an image, by its reference: what plans
	// foretell with. They change nothing that runs.
	ImageSizes map[string]int64
	// NoGates says in so many words that plans of this World need no policy.
	NoGates bool
	// Strict makes errors of what would be warnings.
	Strict bool
}

// Source is where something was declared. The zero Source is code or a query.
type Source struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// String is file:line.
func (s Source) String() string {
	if s.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", s.File, s.Line)
}

// DeclaredDevice is a Device document. Its labels are all the labels of the device.
type DeclaredDevice struct {
	ID             DeviceID
	Labels         map[string]string
	Decommissioned bool
	Source         Source
}

// Definition is a named fleet or assignment.
type Definition struct {
	Name string
	Expr *selectors.Bound
	// Abstract assignments only serve others by name.
	Abstract bool
	// Dynamic lets the expression depend on what devices report and on the time.
	Dynamic bool
	// Taken is the expression, with a take in it, that Expr was once resolved from; nil if
	// Expr is what was written.
	Taken  *selectors.Bound
	Source Source
}

// DeclaredDeployment is a Deployment document.
type DeclaredDeployment struct {
	Name string
	Deployment
	Source Source
}

// Policy is a Policy document, not yet compiled: package policies knows the languages.
type Policy struct {
	Name   string
	Source Source
	// Language is cel or rego; Text is the expression or module.
	Language, Text string
	Scope          string // action, batch, plan or aggregate
	Level          string // deny, warn or info
	Match          *selectors.Bound
	Message        string
	Params         map[string]any

	// What a policy in CEL may have besides, as Kubernetes' ValidatingAdmissionPolicy.
	Conditions  []NamedExpression // all must hold for the policy to be asked
	Variables   []NamedExpression // each may use those before it
	Validations []Validation      // in place of Text
	Words       string            // an expression that gives the message

	// Written says where its texts stand, by the text. What has no file has none.
	Written map[string]Passage
}

// Passage is where a text stands in a file: its i-th byte is the At[i]-th of File, which is all
// that the file holds.
type Passage struct {
	File string
	At   []int
}

// NamedExpression is an expression of a policy under a name.
type NamedExpression struct{ Name, Text string }

// Validation is one of several rules of a policy. What it leaves empty is the policy's.
type Validation struct{ ID, Text, Level, Message, Words string }

// Theorem is a Policy document that no device may ever be as Never says, where any(deploy: …)
// asks which deployments the World gives a device: their app and version. It is proved of all
// possible devices each time the World is loaded.
type Theorem struct {
	Name   string
	Source Source
	Never  *selectors.Bound
}

// Digest covers what the documents say, not where they say it or in which order.
func (w World) Digest() Digest {
	var lines []string
	add := func(kind string, parts ...any) {
		b, err := json.Marshal(parts)
		if err != nil {
			panic("algebra: world digest: " + err.Error()) // params come from YAML and encode
		}
		lines = append(lines, kind+" "+string(b))
	}
	for _, d := range w.Devices {
		labels := d.Labels
		if labels == nil {
			labels = map[string]string{} // says the same
		}
		add("device", d.ID, labels, d.Decommissioned)
	}
	for _, f := range w.Fleets {
		add("fleet", f.Name, selectors.Print(f.Expr.Expr()))
	}
	for _, d := range w.Deployments {
		add("deployment", d.Digest())
	}
	for _, a := range w.Assignments {
		add("assignment", a.Name, selectors.Print(a.Expr.Expr()), a.Abstract)
	}
	for _, d := range slices.Concat(w.Fleets, w.Assignments) {
		if d.Dynamic {
			add("dynamic", d.Name)
		}
		if d.Taken != nil {
			add("taken", d.Name, selectors.Print(d.Taken.Expr()))
		}
	}
	for _, p := range w.Policies {
		match := ""
		if p.Match != nil {
			match = selectors.Print(p.Match.Expr())
		}
		add("policy", p.Name, p.Language, p.Text, p.Scope, p.Level, match, p.Message, p.Params)
		if len(p.Conditions) > 0 || len(p.Variables) > 0 || len(p.Validations) > 0 || p.Words != "" {
			add("policy-in-parts", p.Name, p.Conditions, p.Variables, p.Validations, p.Words)
		}
	}
	for _, v := range w.Waivers {
		match := ""
		if v.Match != nil {
			match = selectors.Print(v.Match.Expr())
		}
		add("waiver", v.Name, v.Rule, match, v.Owner, v.Reason, v.Expires)
	}
	for _, e := range w.Environments {
		add("environment", e.Name, e.Levels)
	}
	for _, r := range w.Rollouts {
		add("rollout", r.Text())
	}
	for _, t := range w.Theorems {
		add("theorem", t.Name, selectors.Print(t.Never.Expr()))
	}
	if len(w.ImageSizes) > 0 {
		add("image-sizes", w.ImageSizes)
	}
	add("options", w.NoGates, w.Strict)
	slices.Sort(lines)
	return DigestOf([]byte(strings.Join(lines, "\n")))
}

// Deployment is the declared deployment of that name.
func (w World) Deployment(ref DeploymentRef) (DeclaredDeployment, bool) {
	for _, d := range w.Deployments {
		if d.Ref() == ref {
			return d, true
		}
	}
	return DeclaredDeployment{}, false
}

// Demand is what a World asks of the devices of one reality.
type Demand struct {
	world World
	eval  *evaluation
	made  []Assignment // what each Assignments[i] makes; empty for abstract ones
	all   Assignment
}

// On evaluates the World on a reality: on its roster, and where the World is dynamic on what
// devices report too. The order of the World's lists does not matter.
func (w World) On(r Reality) Demand {
	deployments := map[DeploymentRef]Deployment{}
	for _, d := range w.Deployments {
		deployments[d.Ref()] = d.Deployment
	}
	w.Assignments = slices.SortedFunc(slices.Values(w.Assignments), func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
	d := Demand{world: w, eval: r.evaluation(deployments), all: r.Roster.Unassigned()}
	for _, def := range w.Assignments {
		a := r.Roster.Unassigned()
		if !def.Abstract {
			a = d.eval.assignment(def.Expr)
		}
		d.made = append(d.made, a)
		d.all = d.all.Union(a)
	}
	return d
}

// Fleet evaluates a fleet or selector, which may use the World's names.
func (d Demand) Fleet(b *selectors.Bound) Fleet { return d.eval.fleet(b) }

// Assign evaluates an assignment, which may use the World's names.
func (d Demand) Assign(b *selectors.Bound) Assignment { return d.eval.assignment(b) }

// Assignment is the union of the assignments that are not abstract.
func (d Demand) Assignment() Assignment { return d.all }

// Idle lists the assignments that are to make claims and make none, in the order of names.
func (d Demand) Idle() []Definition {
	var idle []Definition
	for i, a := range d.made {
		if def := d.world.Assignments[i]; !def.Abstract && a.isNothing() {
			idle = append(idle, def)
		}
	}
	return idle
}

// MadeBy lists the assignments that make a claim at a device, in the order of names.
func (d Demand) MadeBy(c Claim, ordinal uint32) []Definition {
	var by []Definition
	for i, a := range d.made {
		if a.Makes(c, ordinal) {
			by = append(by, d.world.Assignments[i])
		}
	}
	return by
}
