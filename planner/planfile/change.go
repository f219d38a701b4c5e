package planfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

// Change is one action (type deployment) or one change of the registry (type device).
type Change struct {
	ID           string     `json:"id"`
	Address      string     `json:"address"`
	Type         string     `json:"type"`
	Name         string     `json:"name"`
	ActionReason string     `json:"action_reason"`
	Change       Transition `json:"change"`
	Device       Device     `json:"device"`
	Assignment   Assignment `json:"assignment"`
	Source       Source     `json:"source"`
	Batch        int        `json:"batch"`
	Rollout      string     `json:"rollout"` // the one that claims it; empty for the default
	Requires     []string   `json:"requires"`
	Disruptive   bool       `json:"disruptive"`
}

// Transition is what changes. Actions is one of ["create"], ["delete"], ["update"], ["no-op"]
// and ["delete","create"], which stops before it starts. Of After one thing may be unknown when a
// plan is made: image_digest, where an image goes by its tag.
type Transition struct {
	Actions      []string        `json:"actions"`
	Before       *Deployment     `json:"before"`
	After        *Deployment     `json:"after"`
	AfterUnknown map[string]bool `json:"after_unknown"`
	// ReplacePaths are the fields that make a replace one, such as ["podman","containers","web","image"]: in
	// a list, an item goes by its name.
	ReplacePaths [][]string `json:"replace_paths"`
	BeforeLabels Labels     `json:"before_labels"`
	AfterLabels  Labels     `json:"after_labels"`
}

// Labels are the labels of a device.
type Labels map[string]string

// Device is the device of a change, its labels as they will be.
type Device struct {
	ID        string            `json:"id"`
	Labels    map[string]string `json:"labels"`
	Facts     map[string]string `json:"facts"`
	Reachable bool              `json:"reachable"`
}

// Assignment is the declaration a change follows from.
type Assignment struct {
	Name string `json:"name"`
	Rule string `json:"rule"`
	Term string `json:"term"` // the part of the rule that selects the device
	// Revision is 0: a World has no revisions but its digest.
	Revision int `json:"revision"`
}

// Source is where it was declared.
type Source struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// writer writes the changes of a plan. Of a hundred thousand most bring the same release to another
// device: what they have in common is made once and shared.
type writer struct {
	plan    planner.Plan
	reality algebra.Reality

	releases map[shown]*Deployment
	paths    map[step][][]string
	last     Device // changes of one device mostly come one after the other
	noLabels Labels
	known    map[string]bool // of a change of which nothing is unknown
}

// shown is what a Deployment shows.
type shown struct {
	app     algebra.App
	release algebra.Release
	known   bool // more of it than its digest
}

// step is what a change that replaces leads from and to.
type step struct {
	before, after *Deployment
	reason        planner.Reason
}

func newWriter(p planner.Plan, r algebra.Reality) *writer {
	return &writer{plan: p, reality: r, releases: map[shown]*Deployment{}, paths: map[step][][]string{}, noLabels: Labels{}, known: map[string]bool{}}
}

func (w *writer) registry(i int, c algebra.Relabelling) Change {
	verb, reason := "update", "update_because_labels_declared"
	if c.Before == nil {
		verb, reason = "create", "create_because_declared"
	}
	if c.Decommissioned {
		reason = decommissioned
	}
	return Change{
		ID: fmt.Sprintf("d%d", i+1), Address: c.Device.String(), Type: "device", Name: c.Device.String(), ActionReason: reason,
		Change: Transition{Actions: []string{verb}, AfterUnknown: w.known, ReplacePaths: [][]string{}, BeforeLabels: orEmpty(c.Before), AfterLabels: orEmpty(c.After)},
		Device: w.device(c.Device), Source: Source(c.Source), Requires: []string{},
	}
}

func (w *writer) deployment(c planner.Change) Change {
	at := c.Action.Target()
	out := Change{
		ID: c.ID, Address: at.String(), Type: "deployment", Name: at.App.String(), ActionReason: c.Reason.String(),
		Device: w.device(at.Device), Assignment: Assignment{Name: c.By.Assignment, Rule: c.By.Rule, Term: c.By.Term}, Source: Source(c.By.Source),
		Batch: c.Batch, Rollout: c.Rollout, Requires: append([]string{}, c.Requires...),
		Change: Transition{AfterUnknown: w.known, ReplacePaths: [][]string{}, BeforeLabels: w.noLabels, AfterLabels: w.noLabels},
	}
	if floats(c.Want) {
		out.Change.AfterUnknown = map[string]bool{"image_digest": true}
	}
	switch a := c.Action.(type) {
	case planner.Start:
		out.Change.Actions = []string{"create"}
		out.Change.After = w.release(c.Want, a.Want, at.App, c.Values)
	case planner.Replace:
		out.Change.Actions = []string{"delete", "create"}
		out.Change.Before = w.release(c.Have, a.Have, at.App, nil)
		out.Change.After = w.release(c.Want, a.Want, at.App, c.Values)
		out.Change.ReplacePaths = w.replacePaths(out, c.Reason)
		out.Disruptive = true
	case planner.Stop:
		out.Change.Actions = []string{"delete"}
		out.Change.Before = w.release(c.Have, a.Have, at.App, nil)
		out.Disruptive = true
	}
	return out
}

// floats reports a deployment with an image that is named by tag: what is pulled for it is known
// to the registry alone.
func floats(d algebra.Deployment) bool {
	return slices.ContainsFunc(containersOf(d), func(c algebra.Container) bool { return !strings.Contains(c.Image, "@") })
}

// atRest is a slot at rest, in the list of changes on request.
func (w *writer) atRest(i int, s planner.AtRest) Change {
	d := w.release(s.Deployment, s.Want, s.At.App, nil)
	return Change{
		ID: fmt.Sprintf("n%d", i+1), Address: s.At.String(), Type: "deployment", Name: s.At.App.String(), ActionReason: atRest,
		Device: w.device(s.At.Device), Requires: []string{},
		Change: Transition{Actions: []string{"no-op"}, Before: d, After: d, AfterUnknown: w.known, ReplacePaths: [][]string{},
			BeforeLabels: w.noLabels, AfterLabels: w.noLabels},
	}
}

func (w *writer) device(id algebra.DeviceID) Device {
	if w.last.ID == id.String() {
		return w.last
	}
	d := algebra.Device{ID: id, Labels: map[string]string{}, Facts: map[string]string{}}
	if i, ok := w.plan.Roster.Ordinal(id); ok {
		d = w.plan.Roster.Device(i)
	}
	w.last = Device{id.String(), d.Labels, d.Facts, w.reality.Records[id].Online(w.reality.ObservedAt)}
	return w.last
}

// release shows a release with the values given, which are those it names or none.
func (w *writer) release(d algebra.Deployment, rel algebra.Release, app algebra.App, values algebra.Values) *Deployment {
	if len(values) == 0 {
		rel.Values = algebra.Digest{}
	}
	key := shown{app, rel, !d.IsZero()}
	if w.releases[key] == nil {
		w.releases[key] = deployment(d, rel, app, values)
	}
	return w.releases[key]
}

func (w *writer) replacePaths(c Change, reason planner.Reason) [][]string {
	key := step{c.Change.Before, c.Change.After, reason}
	if w.paths[key] == nil {
		w.paths[key] = paths(c)
	}
	return w.paths[key]
}
