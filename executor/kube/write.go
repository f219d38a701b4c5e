package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// Manager is the field manager of all that muster writes.
const Manager = "muster"

// Write carries changes out, each by itself: one that fails hinders no other. What was deleted or
// changed meanwhile is left to the next projection.
func (c *Cluster) Write(ctx context.Context, changes []Change) (written int, err error) {
	var wrong []error
	for _, ch := range changes {
		switch err := c.write(ctx, ch); {
		case err == nil:
			written++
		case apierrors.IsNotFound(err), apierrors.IsConflict(err):
		case ctx.Err() != nil:
			return written, ctx.Err()
		default:
			wrong = append(wrong, err)
		}
	}
	return written, errors.Join(wrong...)
}

func (c *Cluster) write(ctx context.Context, ch Change) error {
	device, _ := kindNamed("Device")
	switch ch := ch.(type) {
	case SetStatus:
		k, _ := kindNamed(ch.Of.GetKind())
		u := bare(ch.Of)
		u.Object["status"] = ch.Status
		_, err := c.of(k).ApplyStatus(ctx, u.GetName(), u, metav1.ApplyOptions{FieldManager: Manager, Force: true})
		return named(ch.Of, err)
	case Mirror:
		u := &unstructured.Unstructured{Object: map[string]any{}}
		u.SetAPIVersion(Group + "/" + Version)
		u.SetKind(device.name)
		u.SetName(ch.Device.String())
		u.SetLabels(ch.Labels)
		_, err := c.of(device).Apply(ctx, u.GetName(), u, metav1.ApplyOptions{FieldManager: Manager, Force: true})
		return named(u, err)
	case Forget:
		uid := ch.Of.GetUID()
		return named(ch.Of, c.of(device).Delete(ctx, ch.Of.GetName(), metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}}))
	case Hold:
		return c.finalizers(ctx, ch.Of, append(slices.Clone(ch.Of.GetFinalizers()), Finalizer))
	case Unhold:
		return c.finalizers(ctx, ch.Of, slices.DeleteFunc(slices.Clone(ch.Of.GetFinalizers()), func(f string) bool { return f == Finalizer }))
	}
	return nil
}

// finalizers replaces them on the revision that was read: another's must not be lost.
func (c *Cluster) finalizers(ctx context.Context, o *unstructured.Unstructured, list []string) error {
	k, _ := kindNamed(o.GetKind())
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"finalizers": list, "resourceVersion": o.GetResourceVersion()}})
	if err != nil {
		return err
	}
	_, err = c.of(k).Patch(ctx, o.GetName(), types.MergePatchType, patch, metav1.PatchOptions{FieldManager: Manager})
	return named(o, err)
}

// bare is an object by its name alone.
func bare(o *unstructured.Unstructured) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetAPIVersion(o.GetAPIVersion())
	u.SetKind(o.GetKind())
	u.SetName(o.GetName())
	u.SetNamespace(o.GetNamespace())
	return u
}

func named(o *unstructured.Unstructured, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("kube: %s: %w", ref(o), err)
}
