package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	admission "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/internal/diag"
)

// Check says what speaks against a World: the messages of gates that deny the plan to it.
type Check func(ctx context.Context, w algebra.World) ([]string, error)

// Admission is a validating webhook that keeps documents out that no World could have, and changes
// that the gates would deny.
type Admission struct {
	Cluster *Cluster
	Check   Check // nil asks no gates
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
	before, err := a.Cluster.Read(ctx)
	if err != nil {
		return refuse(err.Error())
	}
	after, o, err := before.with(r)
	if err != nil {
		return refuse(err.Error())
	}
	world, problems := after.World()
	out := &admission.AdmissionResponse{Allowed: true}
	for _, d := range problems {
		switch {
		case worldfile.Unresolved(d):
			out.Warnings = append(out.Warnings, sentence(d))
		case o != nil && d.File == ref(o):
			return refuse(refusals(problems, ref(o)))
		}
	}
	if len(problems) > 0 || a.Check == nil {
		return out
	}
	denials, err := a.Check(ctx, world)
	if err != nil {
		return refuse(err.Error())
	}
	if len(denials) > 0 {
		return refuse("the gates deny the plan: " + strings.Join(denials, "; "))
	}
	return out
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
