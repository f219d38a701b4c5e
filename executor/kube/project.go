package kube

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/musterfleet/muster/algebra"
)

// Change is one thing to write to the API server. Of is the object as it was when that was decided:
// once somebody else has changed it, it is not written.
//
//sumtype:decl
type Change interface{ change() } // sealed: SetStatus, Mirror, Forget, Hold, Unhold

// SetStatus gives an object a new status.
type SetStatus struct {
	Of     *unstructured.Unstructured
	Status map[string]any
}

// Mirror makes or relabels the Device object of a device that no document declares. What is not there
// yet has no revision.
type Mirror struct {
	Of     *unstructured.Unstructured
	Labels map[string]string
}

// Forget removes the Device object of a device that is in the registry no more.
type Forget struct{ Of *unstructured.Unstructured }

// Hold keeps an object from vanishing while devices run what it declares, and Unhold lets it go.
type Hold struct{ Of *unstructured.Unstructured }

// Unhold lets an object go.
type Unhold struct{ Of *unstructured.Unstructured }

func (SetStatus) change() {}
func (Mirror) change()    {}
func (Forget) change()    {}
func (Hold) change()      {}
func (Unhold) change()    {}

// Finalizer is on assignments and deployments until no device runs what they placed.
const Finalizer = Group + "/placed"

// Project is what has to be written so that the objects of a snapshot say how things stand: nothing
// where they say it already.
func Project(s Snapshot, v View) []Change {
	var out []Change
	p := &projection{view: v, seen: map[algebra.DeviceID]bool{}, bare: !slices.ContainsFunc(s.Objects, func(o unstructured.Unstructured) bool { return declares(&o) })}
	if len(v.Problems) == 0 && v.Lost == "" {
		p.survey = v.survey()
		p.deployments, p.rollouts = p.survey.deployments(), p.survey.rollouts()
	}
	for i := range s.Objects {
		if o := &s.Objects[i]; v.Lost == "" || hasSpec(o) {
			out = append(out, p.object(o)...)
		}
	}
	if v.Lost != "" {
		return out
	}
	return append(out, p.missing()...)
}

type projection struct {
	view                  View
	survey                *survey // nil where there is no World, or no fleet to be seen
	deployments, rollouts map[string]AppliedStatus
	seen                  map[algebra.DeviceID]bool
	bare                  bool // nothing is declared any more
}

func (p *projection) object(o *unstructured.Unstructured) []Change {
	var out []Change
	if o.GetKind() == "Device" && p.view.Lost == "" {
		id, err := algebra.ParseDeviceID(o.GetName())
		_, known := p.view.Reality.Roster.Ordinal(id)
		declared := hasSpec(o)
		if !declared && (err != nil || !known) {
			return []Change{Forget{o}}
		}
		p.seen[id] = true
		if want := p.labels(id); !declared && !labelled(o, want) {
			out = append(out, Mirror{o, want})
		}
	}
	if held := p.holding(o); held != nil {
		if _, goes := held.(Unhold); goes {
			return []Change{held}
		}
		out = append(out, held)
	}
	status := p.status(o)
	if !equality.Semantic.DeepEqual(statusOf(o), status) {
		out = append(out, SetStatus{o, status})
	}
	return out
}

// status is what the status of an object should be.
func (p *projection) status(o *unstructured.Unstructured) map[string]any {
	now := p.view.Reality.ObservedAt
	ok := accepted(o, p.view)
	if o.GetDeletionTimestamp() != nil {
		ok = p.leaves(o)
	}
	switch {
	case o.GetKind() == "Device" && p.view.Lost == "":
		return plain(p.device(o))
	case p.survey == nil:
		return p.asItWas(o, ok)
	}
	applied := func(s AppliedStatus) map[string]any {
		s.Conditions = stamped(o, now, ok, ready(s, p.view.Waits))
		return plain(s)
	}
	w := p.view.World
	switch o.GetKind() {
	case "Fleet":
		if i := slices.IndexFunc(w.Fleets, func(d algebra.Definition) bool { return d.Name == o.GetName() }); i >= 0 {
			s := p.survey.fleet(w.Fleets[i])
			s.Conditions = stamped(o, now, ok)
			return plain(s)
		}
	case "Assignment":
		if i := slices.IndexFunc(w.Assignments, func(d algebra.Definition) bool { return d.Name == o.GetName() }); i >= 0 {
			return applied(p.survey.assignment(w.Assignments[i]))
		}
		return applied(AppliedStatus{})
	case "Deployment":
		return applied(p.deployments[o.GetName()])
	case "Rollout":
		return applied(p.rollouts[o.GetName()])
	}
	return plain(ReadStatus{stamped(o, now, ok)})
}

// missing are the Device objects that devices of the registry lack.
func (p *projection) missing() (out []Change) {
	roster := p.view.Reality.Roster
	for i := range uint32(roster.Len()) {
		if id := roster.ID(i); !p.seen[id] {
			o := fresh(id)
			out = append(out, Mirror{o, p.labels(id)}, SetStatus{o, p.status(o)})
		}
	}
	return out
}

// fresh is the object of a device as it is once it is made.
func fresh(id algebra.DeviceID) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{}}
	o.SetAPIVersion(Group + "/" + Version)
	o.SetKind("Device")
	o.SetName(id.String())
	o.SetGeneration(1)
	return o
}

func (p *projection) labels(id algebra.DeviceID) map[string]string {
	i, ok := p.view.Reality.Roster.Ordinal(id)
	if !ok {
		return mirrored(nil)
	}
	return mirrored(p.view.Reality.Roster.Device(i).Labels)
}
