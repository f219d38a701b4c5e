package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// Manager is the field manager of all that muster writes.
const Manager = "muster"

// writers is how many objects are written at once. The client's own limit bounds how many a second.
const writers = 8

// Write carries changes out, each by itself: one that fails hinders no other. What was deleted or
// changed meanwhile is left to the next projection. Documents come before devices, of which there
// may be many.
func (c *Cluster) Write(ctx context.Context, changes []Change) (written int, err error) {
	var done atomic.Int64
	err = each(ctx, byObject(changes), func(list []Change) error {
		var wrong []error
		for _, ch := range list {
			switch err := c.write(ctx, ch); {
			case err == nil:
				done.Add(1)
			case !apierrors.IsNotFound(err) && !apierrors.IsConflict(err):
				wrong = append(wrong, err)
			}
		}
		return errors.Join(wrong...)
	})
	return int(done.Load()), err
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
		name := subject(ch)
		lists := &documents
		if strings.HasPrefix(name, "Device/") {
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
		name := subject(ch)
		if !strings.HasPrefix(name, "Device/") {
			return false
		}
		if name != last {
			devices--
		}
		last = name
		return devices < 0
	})
}

// subject is what a change is of.
func subject(ch Change) string {
	switch ch := ch.(type) {
	case SetStatus:
		return ref(ch.Of)
	case Mirror:
		return "Device/" + ch.Device.String()
	case Forget:
		return ref(ch.Of)
	case Hold:
		return ref(ch.Of)
	case Unhold:
		return ref(ch.Of)
	}
	panic(fmt.Sprintf("kube: unknown change %T", ch))
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
