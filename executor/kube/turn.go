package kube

import (
	"context"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
)

// turn has one of several loops on a namespace tell, the one that holds its lease there. The fleet's
// own records do not decide it: they are out of reach just when there is something to tell. Who is
// overtaken and does not know it yet does no harm, as all is written on the revision it was judged on.
type turn struct {
	lock  resourcelock.Interface // nil: there are no others
	lasts time.Duration
	able  func() bool // whether it may have it
	now   atomic.Pointer[leaderelection.LeaderElector]
}

// LeaseName is that of the lease, of the API group coordination.k8s.io.
const LeaseName = "muster"

// turns is the part of a loop of that name in it; of one without a name there are no others.
func (c *Cluster) turns(me string, lasts time.Duration, able func() bool) *turn {
	t := &turn{lasts: lasts, able: able}
	if me != "" {
		t.lock = lock{&resourcelock.LeaseLock{LeaseMeta: metav1.ObjectMeta{Name: LeaseName, Namespace: c.namespace},
			Client: c.leases, LockConfig: resourcelock.ResourceLockConfig{Identity: me}}}
	}
	return t
}

// mine reports whether this loop is the one.
func (t *turn) mine() bool {
	e := t.now.Load()
	return t.lock == nil || e != nil && e.IsLeader() && e.Check(0) == nil
}

// ableEvery is how often it is looked at whether a loop may have the lease.
const ableEvery = 250 * time.Millisecond

// run takes the lease when it may and can, and gives it up when it may not, until ctx ends.
func (t *turn) run(ctx context.Context) {
	if t.lock == nil {
		return
	}
	tick := time.NewTicker(ableEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if t.able() {
			t.take(ctx)
		}
	}
}

// take has it until it may not have it, or loses it.
func (t *turn) take(ctx context.Context) {
	ctx, end := context.WithCancel(klog.NewContext(ctx, klog.FromContext(ctx).V(4))) // it says each try
	defer end()
	e, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: t.lock, LeaseDuration: t.lasts, RenewDeadline: t.lasts * 2 / 3, RetryPeriod: t.lasts / 8, ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: func(context.Context) {}, OnStoppedLeading: func() {}},
	})
	if err != nil {
		panic("kube: " + err.Error()) // the configuration is right above
	}
	t.now.Store(e)
	defer t.now.Store(nil)
	go func() {
		for t.able() {
			select {
			case <-ctx.Done():
				return
			case <-time.After(ableEvery):
			}
		}
		end()
	}()
	e.Run(ctx)
}

// lock is a lease, without which a namespace does that is being deleted: nothing can be made there any
// more, and what is held there must be let go all the same.
type lock struct{ *resourcelock.LeaseLock }

func (l lock) Create(ctx context.Context, r resourcelock.LeaderElectionRecord) error {
	err := l.LeaseLock.Create(ctx, r)
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return nil
	}
	return err
}
