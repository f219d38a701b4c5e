package kube

import (
	"cmp"
	"context"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
)

// Watch is the objects of a namespace as the API server tells of them: about as they are now, each
// by itself. A World is not read from it, as it has no one revision; status is compared with it.
type Watch struct {
	informers []cache.SharedIndexInformer
	mu        sync.Mutex
	told      []chan struct{}
}

// Watch follows the namespace until ctx ends. A watch that is lost, or whose revision the API server
// has forgotten, is made again, and what was missed is told then.
func (c *Cluster) Watch(ctx context.Context) *Watch {
	w := &Watch{}
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(c.client, 0, c.namespace, nil)
	for _, k := range kinds {
		informer := factory.ForResource(k.resource()).Informer()
		_ = informer.SetTransform(lean) // these two fail only on a started informer
		_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { w.tell() },
			UpdateFunc: func(before, after any) {
				if declaration(before) != declaration(after) {
					w.tell()
				}
			},
			DeleteFunc: func(any) { w.tell() },
		})
		w.informers = append(w.informers, informer)
	}
	factory.Start(ctx.Done())
	return w
}

// News tells each who asks for it that something may have changed, at first at once. Changes that
// come together are told once, and a change of status alone is no news.
func (w *Watch) News() <-chan struct{} {
	news := make(chan struct{}, 1)
	news <- struct{}{}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, news)
	return news
}

func (w *Watch) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, news := range w.told {
		select {
		case news <- struct{}{}:
		default: // it is told already
		}
	}
}

// Objects are those that are known of, by kind and name; false until all kinds were heard of once.
func (w *Watch) Objects() ([]unstructured.Unstructured, bool) {
	var out []unstructured.Unstructured
	for _, informer := range w.informers {
		if !informer.HasSynced() {
			return nil, false
		}
		first := len(out)
		for _, o := range informer.GetStore().List() {
			out = append(out, *o.(*unstructured.Unstructured))
		}
		slices.SortFunc(out[first:], func(a, b unstructured.Unstructured) int { return cmp.Compare(a.GetName(), b.GetName()) })
	}
	return out, true
}

// lean takes away what nobody here reads: who wrote which field is half of an object.
func lean(o any) (any, error) {
	if u, ok := o.(*unstructured.Unstructured); ok {
		var kept []metav1.ManagedFieldsEntry
		if u.GetKind() == "Device" {
			kept = slices.DeleteFunc(u.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool { return !ours(e) })
		}
		u.SetManagedFields(kept)
	}
	return o, nil
}

// declaration is what of an object matters to a World, for comparison: a deletion that waits is a new
// generation too.
func declaration(o any) any {
	u, ok := o.(interface{ GetGeneration() int64 })
	if !ok {
		return o
	}
	return u.GetGeneration()
}
