package kube

import (
	"fmt"
	"slices"
	"strings"

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
	if p.survey == nil {
		c.Message += "; that is unknown while the World does not load"
	} else if where := p.placed(placedBy(o)); where != "" {
		c.Message += "; " + where
	}
	if p.view.Waits.Why != "" {
		c.Message += "; " + p.view.Waits.Why
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

// placed says where a device runs, or has published to it, one of these that the World does not ask
// of it; empty if none does.
func (p *projection) placed(refs []string) string {
	r := p.survey.Reality
	extra := func(ordinal uint32, app algebra.App, have algebra.Release) bool {
		if !slices.Contains(refs, app.String()) && !slices.Contains(refs, app.String()+"@"+have.Version.String()) {
			return false
		}
		claims := p.survey.resolved.At(ordinal, app)
		return len(claims) != 1 || claims[0].Deployment.Digest() != have.Deployment
	}
	for i := range uint32(r.Roster.Len()) {
		for app, rel := range r.Published.At(i) {
			if extra(i, app, rel) {
				return fmt.Sprintf("%s has %s@%s", r.Roster.ID(i), app, rel.Version)
			}
		}
	}
	where := "" // the first of them: a status tells the same until something changes
	for at, s := range r.Slots {
		if i, ok := r.Roster.Ordinal(at.Device); ok && !s.Release.IsZero() && r.Records[at.Device].Lifecycle.Served() && extra(i, at.App, s.Release) {
			if runs := fmt.Sprintf("%s runs %s@%s", at.Device, at.App, s.Release.Version); where == "" || runs < where {
				where = runs
			}
		}
	}
	return where
}
