package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	admission "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/internal/diag"
)

// Verdict is what is said of a change: reasons against it, which refuse it, and warnings.
type Verdict struct{ Refused, Warned []string }

// Check judges taking a namespace from one World to another: conflicts, and what gates say of the
// plan. before is the zero World where none loads.
type Check func(ctx context.Context, before, after algebra.World) (Verdict, error)

// Admission is a validating webhook that keeps documents out that no World could have, and changes
// that the gates would deny.
type Admission struct {
	Cluster *Cluster
	Check   Check // nil checks nothing beyond the documents
}

// mostBody bounds a review: etcd takes no greater object.
const mostBody = 3 << 20

// ServeHTTP answers an AdmissionReview. Where it cannot tell it refuses: the webhook's
// configuration says whether a webhook that does not answer at all lets changes pass.
func (a Admission) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var review admission.AdmissionReview
	body, err := io.ReadAll(io.LimitReader(r.Body, mostBody))
	if err == nil {
		err = json.Unmarshal(body, &review)
	}
	if err != nil || review.Request == nil {
		http.Error(w, "not an AdmissionReview", http.StatusBadRequest)
		return
	}
	review.Response = a.Review(r.Context(), review.Request)
	review.Response.UID, review.Request = review.Request.UID, nil
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review) // who asked has gone
}

// Review judges one change of one object. kubectl applies a directory object by object, so a name
// that is not declared yet is a warning and no refusal; what is wrong in the object itself, and a
// conflict with what is there, is refused.
func (a Admission) Review(ctx context.Context, r *admission.AdmissionRequest) *admission.AdmissionResponse {
	if same, err := declaresTheSame(r); err != nil {
		return refuse(err.Error())
	} else if same {
		return &admission.AdmissionResponse{Allowed: true}
	}
	before, err := a.Cluster.Read(ctx)
	if err != nil {
		return refuse(err.Error())
	}
	after, o, err := before.with(r)
	if err != nil {
		return refuse(err.Error())
	}
	world, problems := after.World()
	now, wrong := before.World()
	out := &admission.AdmissionResponse{Allowed: true}
	for _, d := range problems {
		own := o != nil && d.File == ref(o)
		switch {
		case own && !worldfile.Unresolved(d):
			return refuse(refusals(problems, ref(o)))
		case own || !said(wrong, d): // what was wrong elsewhere before is not this change's
			out.Warnings = append(out.Warnings, sentence(d))
		}
	}
	if len(problems) > 0 || a.Check == nil {
		return out
	}
	if len(wrong) > 0 {
		now = algebra.World{}
	}
	verdict, err := a.Check(ctx, now, world)
	if err != nil {
		return refuse(err.Error())
	}
	if len(verdict.Refused) > 0 {
		return refuse(strings.Join(verdict.Refused, "; "))
	}
	out.Warnings = append(out.Warnings, verdict.Warned...)
	return out
}

// said reports whether a list has a diagnostic already, whatever it hints at.
func said(list diag.List, d diag.Diagnostic) bool {
	return slices.ContainsFunc(list, func(o diag.Diagnostic) bool { return o.File == d.File && o.Message == d.Message })
}

// declaresTheSame reports whether a change leaves the World as it is: of labels or finalizers, or
// of a Device that mirrors the registry. Such a change passes whatever is wrong elsewhere.
func declaresTheSame(r *admission.AdmissionRequest) (bool, error) {
	before, err := declared(r.OldObject.Raw)
	if err != nil {
		return false, err
	}
	after, err := declared(r.Object.Raw)
	return equality.Semantic.DeepEqual(before, after), err
}

// declared is the spec of an object that is a document.
func declared(raw []byte) (any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	o := &unstructured.Unstructured{}
	if err := json.Unmarshal(raw, &o.Object); err != nil {
		return nil, fmt.Errorf("the object cannot be read: %w", err)
	}
	if !declares(o) {
		return nil, nil
	}
	return o.Object["spec"], nil
}

// with is the snapshot after a request, and the object it is about; nil if that is deleted.
func (s Snapshot) with(r *admission.AdmissionRequest) (Snapshot, *unstructured.Unstructured, error) {
	out := Snapshot{Revision: s.Revision}
	name := r.Kind.Kind + "/" + r.Name
	for _, o := range s.Objects {
		if ref(&o) != name {
			out.Objects = append(out.Objects, o)
		}
	}
	if r.Operation == admission.Delete {
		return out, nil, nil
	}
	o := &unstructured.Unstructured{}
	if err := json.Unmarshal(r.Object.Raw, &o.Object); err != nil {
		return s, nil, fmt.Errorf("the object cannot be read: %w", err)
	}
	out.Objects = append(out.Objects, *o)
	return out, o, nil
}

func refuse(message string) *admission.AdmissionResponse {
	return &admission.AdmissionResponse{Result: &metav1.Status{Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: message}}
}

// sentence is a diagnostic in one line.
func sentence(d diag.Diagnostic) string {
	text := d.Place() + ": " + d.Message
	if d.Hint != "" {
		text += " (" + d.Hint + ")"
	}
	return text
}

// refusals are the diagnostics of one object that refuse it.
func refusals(problems diag.List, of string) string {
	var out []string
	for _, d := range problems {
		if d.File == of && !worldfile.Unresolved(d) {
			out = append(out, sentence(d))
		}
	}
	return strings.Join(out, "; ")
}
