package kube

import (
	"context"
	"time"

	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
)

// resync is how often all is looked at even if no change was heard of.
const resync = 10 * time.Minute

// Watch tells that something in the namespace may have changed, until ctx ends. Changes that come
// together are told once, and a watch that is lost is made again: what was missed is told then.
// A change of status alone is no news.
func (c *Cluster) Watch(ctx context.Context) <-chan struct{} {
	news := make(chan struct{}, 1)
	tell := func() {
		select {
		case news <- struct{}{}:
		default: // it is told already
		}
	}
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(c.client, resync, c.namespace, nil)
	for _, k := range kinds {
		informer := factory.ForResource(k.resource()).Informer()
		_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{ // fails only on a stopped informer
			AddFunc: func(any) { tell() },
			UpdateFunc: func(before, after any) {
				if declaration(before) != declaration(after) {
					tell()
				}
			},
			DeleteFunc: func(any) { tell() },
		})
	}
	factory.Start(ctx.Done())
	return news
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
