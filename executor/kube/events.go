package kube

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/record"
)

// recorder tells by events what became otherwise with an object. client-go bounds them: those alike
// are counted as one, and an object that has too many gets no more for a while.
type recorder struct {
	broadcaster record.EventBroadcaster
	record.EventRecorder
}

func (c *Cluster) recorder() *recorder {
	b := record.NewBroadcaster()
	b.StartRecordingToSink(sink{c.client.Resource(corev1.SchemeGroupVersion.WithResource("events")).Namespace(c.namespace)})
	return &recorder{b, b.NewRecorder(runtime.NewScheme(), corev1.EventSource{Component: Manager})}
}

func (r *recorder) end() { r.broadcaster.Shutdown() }

// of tells of a change of status.
func (r *recorder) of(ch Change) {
	s, ok := ch.(SetStatus)
	if !ok {
		return
	}
	have := conditions(s.Of.Object["status"])
	for _, c := range conditions(s.Status) {
		if kind, tells := telling(have[c.Type], c); tells {
			r.Event(s.Of, kind, c.Reason, c.Message)
		}
	}
}

// telling says whether a condition that became otherwise is worth an event: what went wrong is, and
// that it is well again. What only progresses is not, and neither is that another document is wrong.
func telling(before, now metav1.Condition) (kind string, tells bool) {
	switch now.Reason {
	case invalid, warning:
		return corev1.EventTypeWarning, before.Reason != now.Reason || before.Message != now.Message
	case broken, contradicted:
		return corev1.EventTypeWarning, before.Reason != now.Reason
	case offline: // of a device that is seen for the first time that is no news
		return corev1.EventTypeWarning, before.Reason != "" && before.Reason != now.Reason
	case loaded:
		return corev1.EventTypeNormal, before.Reason == invalid || before.Reason == warning
	case runs, online:
		return corev1.EventTypeNormal, before.Reason != "" && before.Reason != now.Reason
	case progressing, silent, nobody, elsewhere, leaving, notServed, unknown, unreachable:
		return "", false
	}
	return corev1.EventTypeWarning, before.Reason != now.Reason // why it waits
}

// conditions are those of a status, by type.
func conditions(status any) map[string]metav1.Condition {
	out := map[string]metav1.Condition{}
	m, _ := status.(map[string]any)
	list, _ := m["conditions"].([]any)
	for _, item := range list {
		var c metav1.Condition
		if raw, ok := item.(map[string]any); ok && runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &c) == nil {
			out[c.Type] = c
		}
	}
	return out
}

// sink writes events. An event that cannot be written is dropped by the recorder.
type sink struct{ events dynamic.ResourceInterface }

// eventWithin bounds one writing, as the recorder has no bound of its own.
const eventWithin = 10 * time.Second

func (s sink) Create(e *corev1.Event) (*corev1.Event, error) {
	u := &unstructured.Unstructured{Object: plain(e)}
	u.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Event"))
	return s.do(func(ctx context.Context) (*unstructured.Unstructured, error) {
		return s.events.Create(ctx, u, metav1.CreateOptions{})
	})
}

func (s sink) Update(e *corev1.Event) (*corev1.Event, error) {
	u := &unstructured.Unstructured{Object: plain(e)}
	u.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Event"))
	return s.do(func(ctx context.Context) (*unstructured.Unstructured, error) {
		return s.events.Update(ctx, u, metav1.UpdateOptions{})
	})
}

func (s sink) Patch(e *corev1.Event, patch []byte) (*corev1.Event, error) {
	return s.do(func(ctx context.Context) (*unstructured.Unstructured, error) {
		return s.events.Patch(ctx, e.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	})
}

func (s sink) do(write func(context.Context) (*unstructured.Unstructured, error)) (*corev1.Event, error) {
	ctx, cancel := context.WithTimeout(context.Background(), eventWithin)
	defer cancel()
	u, err := write(ctx)
	if err != nil {
		return nil, err
	}
	out := &corev1.Event{}
	return out, runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, out)
}
