package kube

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/musterfleet/muster/internal/diag"
)

// accepted says whether a document is part of a World that loads. Of another document's problem
// it says only that there is one.
func accepted(o *unstructured.Unstructured, v View) metav1.Condition {
	c := metav1.Condition{Type: Accepted, Status: metav1.ConditionTrue, Reason: loaded, Message: "part of the World of this namespace"}
	own, warned := about(o, v.Problems), about(o, v.Warnings)
	switch {
	case own != "":
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, invalid, own
	case len(v.Problems) > 0:
		p := v.Problems[0]
		c.Status, c.Reason = metav1.ConditionUnknown, elsewhere
		c.Message = fmt.Sprintf("the World does not load: %s: %s", p.File, p.Message)
		if more := len(v.Problems) - 1; more > 0 {
			c.Message += fmt.Sprintf(", and %d more", more)
		}
	case warned != "":
		c.Reason, c.Message = warning, warned
	}
	return c
}

// Reasons of conditions that events tell of.
const (
	loaded, invalid, warning   = "Loaded", "Invalid", "Warning"
	runs, broken, contradicted = "Running", "Failed", "Conflicted"
	progressing, nobody        = "Progressing", "NoDevices"
	online, offline            = "Online", "Offline"
	notServed, unknown         = "NotServed", "Unknown"
	elsewhere, leaving         = "WorldInvalid", "Leaving"
	unreachable                = "FleetUnreachable"
	silent                     = "Waiting" // for devices that are offline, which say so themselves
)

// about is what a list says of an object.
func about(o *unstructured.Unstructured, list diag.List) string {
	var own []string
	for _, d := range list {
		if d.File != ref(o) {
			continue
		}
		text := d.Message
		if d.Hint != "" {
			text += " (" + d.Hint + ")"
		}
		own = append(own, text)
	}
	return strings.Join(own, "; ")
}

// ready says whether all runs that is asked for.
func ready(s AppliedStatus, w Waits) metav1.Condition {
	c := metav1.Condition{Type: Ready, Status: metav1.ConditionFalse,
		Message: fmt.Sprintf("%d of %d devices run it", s.Running, s.Running+s.Pending+s.Failed+s.Conflicted)}
	switch {
	case s.Conflicted > 0:
		c.Reason, c.Message = contradicted, c.Message+fmt.Sprintf("; on %d two claims contradict", s.Conflicted)
	case s.Failed > 0:
		c.Reason, c.Message = broken, c.Message+"; "+s.LastError
	case s.Pending > 0:
		if c.Reason = cmp.Or(w.Reason, progressing); w.Why != "" {
			c.Message += "; " + w.Why
		}
	case s.Running == 0:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, nobody, "no device is to run it"
	default:
		c.Status, c.Reason = metav1.ConditionTrue, runs
	}
	return c
}

// stamped gives conditions the generation they are of and when they last changed, which is when the
// object has it, or now.
func stamped(o *unstructured.Unstructured, now time.Time, list ...metav1.Condition) []metav1.Condition {
	had := conditions(o.Object["status"])
	for i := range list {
		list[i].ObservedGeneration = o.GetGeneration()
		list[i].LastTransitionTime = metav1.NewTime(now.UTC().Truncate(time.Second))
		if before := had[list[i].Type]; before.Status == list[i].Status && !before.LastTransitionTime.IsZero() {
			list[i].LastTransitionTime = metav1.NewTime(before.LastTransitionTime.UTC())
		}
	}
	return list
}
