package kube

import (
	"encoding/json"
	"maps"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// labelled reports whether an object has these labels, and none besides that muster once gave it.
// What others gave it is theirs.
func labelled(o metav1.Object, want map[string]string) bool {
	have := o.GetLabels()
	if maps.Equal(have, want) {
		return true
	}
	for k, v := range want {
		if got, ok := have[k]; !ok || got != v {
			return false
		}
	}
	for k := range given(o.GetManagedFields()) {
		if _, ok := want[k]; !ok {
			return false
		}
	}
	return true
}

// given are the labels that muster applied. Server-side apply takes those away that are not applied
// again, and only those.
func given(fields []metav1.ManagedFieldsEntry) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for _, e := range fields {
		if !ours(e) || e.FieldsV1 == nil {
			continue
		}
		var applied struct {
			Metadata struct {
				Labels map[string]json.RawMessage `json:"f:labels"`
			} `json:"f:metadata"`
		}
		if json.Unmarshal(e.FieldsV1.GetRawBytes(), &applied) != nil {
			continue // of a format that is not known yet
		}
		for field, v := range applied.Metadata.Labels {
			if key, ok := strings.CutPrefix(field, "f:"); ok {
				out[key] = v
			}
		}
	}
	return out
}

// ours reports whether an entry says what muster applied to an object, its status aside.
func ours(e metav1.ManagedFieldsEntry) bool {
	return e.Manager == Manager && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == ""
}

// mirrored are the labels of a device that its object has, and a mark of whose it is.
func mirrored(labels map[string]string) map[string]string {
	out := kubernetesLabels(labels)
	maps.Copy(out, map[string]string{"app.kubernetes.io/managed-by": Manager})
	return out
}

// kubernetesLabels are those that Kubernetes can have as labels.
func kubernetesLabels(labels map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range labels {
		if len(validation.IsQualifiedName(k)) == 0 && len(validation.IsValidLabelValue(v)) == 0 {
			out[k] = v
		}
	}
	return out
}
