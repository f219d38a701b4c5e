package kube

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// asItWas is the status of an object of which no more than this is known now. Counts stay as they
// were, and so does whether all runs, with the generation that it was said of; where the fleet cannot
// be seen that is unknown.
func (p *projection) asItWas(o *unstructured.Unstructured, ok metav1.Condition) map[string]any {
	k, _ := kindNamed(o.GetKind())
	have := statusOf(o)
	status := maps.Clone(have)
	if status == nil {
		status = map[string]any{}
		for _, count := range []string{"devices", "matched", "running", "pending", "failed", "conflicted"} {
			if hasField(k.status, count) {
				status[count] = int64(0)
			}
		}
	}
	list := stamped(o, p.view.Reality.ObservedAt, ok)
	if p.view.Lost != "" && k.status == applied {
		list = append(list, stamped(o, p.view.Reality.ObservedAt, unseen(p.view.Lost))...)
	} else if before, had := conditions(have)[Ready]; had {
		before.LastTransitionTime = metav1.NewTime(before.LastTransitionTime.UTC())
		list = append(list, before)
	}
	status["conditions"] = plain(ReadStatus{list})["conditions"]
	return status
}

// unseen says that it is not known whether all runs.
func unseen(why string) metav1.Condition {
	return metav1.Condition{Type: Ready, Status: metav1.ConditionUnknown, Reason: unreachable, Message: "the fleet cannot be seen: " + why}
}
