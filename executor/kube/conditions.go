package kube

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/musterfleet/muster/internal/diag"
)

// accepted says whether a document is part of a World that loads. Of another document's problem
// it says only that there is one.
func accepted(o *unstructured.Unstructured, problems diag.List) metav1.Condition {
	var own []string
	for _, p := range problems {
		if p.File == ref(o) {
			text := p.Message
			if p.Hint != "" {
				text += " (" + p.Hint + ")"
			}
			own = append(own, text)
		}
	}
	c := metav1.Condition{Type: Accepted, Status: metav1.ConditionTrue, Reason: "Loaded", Message: "part of the World of this namespace"}
	switch {
	case len(own) > 0:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, "Invalid", strings.Join(own, "; ")
	case len(problems) > 0:
		p := problems[0]
		c.Status, c.Reason = metav1.ConditionUnknown, "WorldInvalid"
		c.Message = fmt.Sprintf("%d problems elsewhere, the first in %s: %s", len(problems), p.File, p.Message)
	}
	return c
}

// ready says whether all runs that is asked for.
func ready(s AppliedStatus) metav1.Condition {
	c := metav1.Condition{Type: Ready, Status: metav1.ConditionFalse,
		Message: fmt.Sprintf("%d of %d devices run it", s.Running, s.Running+s.Pending+s.Failed+s.Conflicted)}
	switch {
	case s.Conflicted > 0:
		c.Reason, c.Message = "Conflicted", c.Message+fmt.Sprintf("; on %d two claims contradict", s.Conflicted)
	case s.Failed > 0:
		c.Reason, c.Message = "Failed", c.Message+"; "+s.LastError
	case s.Pending > 0:
		c.Reason = "Progressing"
	case s.Running == 0:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, "NoDevices", "no device is to run it"
	default:
		c.Status, c.Reason = metav1.ConditionTrue, "Running"
	}
	return c
}

// stamped gives conditions the generation they are of and when they last changed, which is when the
// object has it, or now.
func stamped(o *unstructured.Unstructured, now time.Time, list ...metav1.Condition) []metav1.Condition {
	had := map[string]map[string]any{}
	before, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, b := range before {
		if m, ok := b.(map[string]any); ok {
			had[fmt.Sprint(m["type"])] = m
		}
	}
	for i := range list {
		list[i].ObservedGeneration = o.GetGeneration()
		list[i].LastTransitionTime = metav1.NewTime(now.UTC().Truncate(time.Second))
		if m := had[list[i].Type]; m["status"] == string(list[i].Status) {
			if at, err := time.Parse(time.RFC3339, fmt.Sprint(m["lastTransitionTime"])); err == nil {
				list[i].LastTransitionTime = metav1.NewTime(at)
			}
		}
	}
	return list
}
