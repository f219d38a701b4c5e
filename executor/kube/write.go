package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// Manager is the field manager of all that muster writes.
const Manager = "muster"

// writers is how many objects are written at once. The client's own limit bounds how many a second.
const writers = 8

// Write carries changes out, those of each object by themselves: one that fails hinders no other. It
// gives those that were carried out. What somebody deleted or changed since it was looked at is left
// to the next projection, and so is what cannot be made in a namespace that is being deleted. Documents
// come before devices, of which there may be many.
func (c *Cluster) Write(ctx context.Context, changes []Change) (written []Change, err error) {
	var mu sync.Mutex
	err = each(ctx, byObject(changes), func(list []Change) error {
		done, err := c.writeAll(ctx, list)
		mu.Lock()
		written = append(written, list[:done]...)
		mu.Unlock()
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			return nil
		}
		return err
	})
	return written, err
}

// writeAll carries out the changes of one object, each on the revision that the one before it made.
// It ends with the first that cannot be.
func (c *Cluster) writeAll(ctx context.Context, list []Change) (done int, err error) {
	judged := of(list[0])
	revision := judged.GetResourceVersion()
	for _, ch := range list {
		now, err := c.write(ctx, ch, revision)
		if err != nil {
			return done, fmt.Errorf("kube: %s: %w", ref(judged), err)
		}
		if done++; now == nil || now.GetGeneration() != judged.GetGeneration() {
			return done, nil // it is gone, or it was not new
		}
		revision = now.GetResourceVersion()
	}
	return done, nil
}

// each does something with all of a list, some at once, and gives what went wrong; ctx's end alone
// where that ended it.
func each[T any](ctx context.Context, list []T, do func(T) error) error {
	var (
		queue = make(chan T)
		group sync.WaitGroup
		mu    sync.Mutex
		wrong []error
	)
	for range min(writers, len(list)) {
		group.Go(func() {
			for one := range queue {
				if err := do(one); err != nil {
					mu.Lock()
					wrong = append(wrong, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, one := range list {
		if ctx.Err() != nil {
			break
		}
		queue <- one
	}
	close(queue)
	group.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(wrong...)
}

// byObject are the changes of each object, which keep their order.
func byObject(changes []Change) [][]Change {
	var documents, devices [][]Change
	last := ""
	for _, ch := range changes {
		name := ref(of(ch))
		lists := &documents
		if of(ch).GetKind() == "Device" {
			lists = &devices
		}
		if name != last {
			*lists = append(*lists, nil)
		}
		end := &(*lists)[len(*lists)-1]
		*end, last = append(*end, ch), name
	}
	return append(documents, devices...)
}

// bounded leaves away what is of more than so many devices: the next look finds it again.
func bounded(changes []Change, devices int) []Change {
	last := ""
	return slices.DeleteFunc(changes, func(ch Change) bool {
		if of(ch).GetKind() != "Device" {
			return false
		}
		if name := of(ch).GetName(); name != last {
			devices--
			last = name
		}
		return devices < 0
	})
}

// of is what a change is of.
func of(ch Change) *unstructured.Unstructured {
	switch ch := ch.(type) {
	case SetStatus:
		return ch.Of
	case Mirror:
		return ch.Of
	case Forget:
		return ch.Of
	case Hold:
		return ch.Of
	case Unhold:
		return ch.Of
	}
	panic(fmt.Sprintf("kube: unknown change %T", ch))
}

// write carries a change out if the object is at that revision still, and gives it as it is then; nil
// if it is gone. One without a revision is made.
func (c *Cluster) write(ctx context.Context, ch Change, revision string) (*unstructured.Unstructured, error) {
	o := of(ch)
	k, _ := kindNamed(o.GetKind())
	objects, u := c.of(k), bare(o)
	u.SetResourceVersion(revision)
	options := metav1.ApplyOptions{FieldManager: Manager, Force: revision != ""}
	switch ch := ch.(type) {
	case SetStatus:
		u.Object["status"] = ch.Status
		return objects.ApplyStatus(ctx, u.GetName(), u, options)
	case Mirror:
		u.SetLabels(ch.Labels)
		return objects.Apply(ctx, u.GetName(), u, options)
	case Forget:
		uid := o.GetUID()
		return nil, objects.Delete(ctx, o.GetName(), metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &revision}})
	case Hold:
		return c.finalizers(ctx, objects, u, append(slices.Clone(o.GetFinalizers()), Finalizer))
	case Unhold:
		return c.finalizers(ctx, objects, u, slices.DeleteFunc(slices.Clone(o.GetFinalizers()), func(f string) bool { return f == Finalizer }))
	}
	panic(fmt.Sprintf("kube: unknown change %T", ch))
}

// finalizers replaces them, others' with ours.
func (c *Cluster) finalizers(ctx context.Context, objects dynamic.ResourceInterface, u *unstructured.Unstructured, list []string) (*unstructured.Unstructured, error) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"finalizers": list, "resourceVersion": u.GetResourceVersion()}})
	if err != nil {
		return nil, err
	}
	return objects.Patch(ctx, u.GetName(), types.MergePatchType, patch, metav1.PatchOptions{FieldManager: Manager})
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
