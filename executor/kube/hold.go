package kube

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/musterfleet/muster/algebra"
)

// holding puts the finalizer on what places workloads, and takes it away from what is being deleted
// once no device runs or is to run what it placed. Without a World nothing is let go.
func (p *projection) holding(o *unstructured.Unstructured) Change {
	if o.GetKind() != "Assignment" && o.GetKind() != "Deployment" {
		return nil
	}
	held := slices.Contains(o.GetFinalizers(), Finalizer)
	switch {
	case o.GetDeletionTimestamp() == nil && !held:
		return Hold{o}
	case o.GetDeletionTimestamp() != nil && held && p.survey != nil && p.placed(placedBy(o)) == "":
		return Unhold{o}
	}
	return nil
}

// leaves says of an object that is being deleted what it waits for.
func (p *projection) leaves(o *unstructured.Unstructured) metav1.Condition {
	c := metav1.Condition{Type: Accepted, Status: metav1.ConditionFalse, Reason: leaving, Message: "it is being deleted, and goes once no device runs what it placed"}
	switch {
	case p.view.Lost != "":
		c.Message += "; that is unknown while the fleet cannot be seen: " + p.view.Lost
	case p.survey == nil:
		c.Message += "; that is unknown while the World does not load"
	default:
		if where := p.placed(placedBy(o)); where != "" {
			c.Message += "; " + where
		}
	}
	if p.view.Waits.Why != "" && p.view.Lost == "" {
		c.Message += "; " + p.view.Waits.Why
		if p.bare {
			c.Message += "; where nothing can be declared any more, muster apply -w DIR --take-over does it by hand"
		}
	}
	return c
}

// placedBy are the deployments that an object names, as app@version or app alone.
func placedBy(o *unstructured.Unstructured) []string {
	if o.GetKind() == "Deployment" {
		app, _, _ := unstructured.NestedString(o.Object, "spec", "app")
		version, _, _ := unstructured.NestedString(o.Object, "spec", "version")
		return []string{app + "@" + version}
	}
	if refs, found, _ := unstructured.NestedStringSlice(o.Object, "spec", "deploy"); found {
		return refs
	}
	// An expression names them between braces.
	text, _, _ := unstructured.NestedString(o.Object, "spec", "expression")
	var refs []string
	for _, part := range strings.Split(text, "{")[1:] {
		inner, _, _ := strings.Cut(part, "}")
		for _, one := range strings.Split(inner, ",") {
			refs = append(refs, strings.TrimSpace(one))
		}
	}
	return refs
}

// placed says on which devices one of these is, or is published to them, that the World does not ask
// of them; empty if it is on none.
func (p *projection) placed(refs []string) string {
	r := p.survey.Reality
	left := map[algebra.DeviceID]string{}
	note := func(ordinal uint32, app algebra.App, have algebra.Release, how string) {
		if !slices.Contains(refs, app.String()) && !slices.Contains(refs, app.String()+"@"+have.Version.String()) {
			return
		}
		claims := p.survey.resolved.At(ordinal, app)
		id := r.Roster.ID(ordinal)
		if len(claims) == 1 && claims[0].Deployment.Digest() == have.Deployment || gone(r.Records[id], r.ObservedAt) {
			return
		}
		text := fmt.Sprintf("%s %s %s@%s", id, how, app, have.Version)
		if other, ok := left[id]; !ok || text < other { // a status tells the same until something changes
			left[id] = text
		}
	}
	for i := range uint32(r.Roster.Len()) {
		for app, rel := range r.Published.At(i) {
			note(i, app, rel, "has")
		}
	}
	for at, s := range r.Slots {
		if i, ok := r.Roster.Ordinal(at.Device); ok && !s.Release.IsZero() {
			note(i, at.App, s.Release, "runs")
		}
	}
	return remaining(left, r)
}

// gone reports a device that nobody waits for: it was put out, or was given up and is not there to be
// told so.
func gone(r algebra.Record, now time.Time) bool {
	switch r.Lifecycle {
	case algebra.Revoked, algebra.Requested:
		return true
	case algebra.Decommissioned:
		return !r.Online(now)
	case 0, algebra.Enrolled:
		return false
	}
	panic("kube: unknown lifecycle")
}

// remaining names one of the devices that something is left on, rather one that is offline, as it may
// take long and somebody may have to give it up.
func remaining(left map[algebra.DeviceID]string, r algebra.Reality) string {
	var first, away algebra.DeviceID
	offline := 0
	for _, id := range slices.SortedFunc(maps.Keys(left), algebra.DeviceID.Compare) {
		if first.IsZero() {
			first = id
		}
		if !r.Records[id].Online(r.ObservedAt) {
			if offline++; away.IsZero() {
				away = id
			}
		}
	}
	if len(left) == 0 {
		return ""
	}
	text := left[first]
	if offline > 0 {
		text = left[away]
	}
	switch {
	case len(left) > 1 && offline > 0:
		text = fmt.Sprintf("%d devices still do, %d of them offline: %s", len(left), offline, text)
	case len(left) > 1:
		text = fmt.Sprintf("%d devices still do: %s", len(left), text)
	case offline > 0:
		text += ", and is offline"
	}
	if offline > 0 {
		text += "; if one never comes back, muster decommission ID gives it up"
	}
	return text
}
