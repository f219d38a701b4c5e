package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor"
	"github.com/musterfleet/muster/executor/kube"
	"github.com/musterfleet/muster/executor/operator"
	"github.com/musterfleet/muster/executor/wire"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/planner"
)

// kubeServing is the flags of a World that is served from a namespace, and what follows it.
type kubeServing struct {
	namespace string
	nodes     bool
	rate      int
	cluster   *kube.Cluster
	watch     *kube.Watch
}

func (k *kubeServing) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.namespace, "kube", "", "`NAMESPACE` of Kubernetes that has the World, and is told how it stands")
	cmd.Flags().BoolVar(&k.nodes, "project-nodes", false, "with --kube: show devices as Nodes too, on which nothing is scheduled")
	cmd.Flags().IntVar(&k.rate, "kube-rate", kube.DefaultRate, "with --kube: `N` requests a second to Kubernetes at most, and as many about Nodes; 0 leaves that to its API priority and fairness")
	cmd.MarkFlagsMutuallyExclusive("kube", "world")
}

// open reaches the API server. That it knows the resources is found out at once.
func (k *kubeServing) open(ctx context.Context) (err error) {
	if k.rate < 0 {
		return fmt.Errorf("--kube-rate %d: want 0 or more", k.rate)
	}
	if k.cluster, err = kube.OpenDefault(k.namespace, k.rate); err != nil {
		return err
	}
	if _, err = k.cluster.Read(ctx); err != nil {
		return err
	}
	k.watch = k.cluster.Watch(ctx)
	return nil
}

// settles is how long nothing must change in a namespace before it is read: kubectl applies a
// directory object by object.
const settles = 700 * time.Millisecond

// worlds gives the World of the namespace, and again each time that it or what is wrong with it
// is another.
func (k *kubeServing) worlds(ctx context.Context, load func() operator.Loaded, reread time.Duration) <-chan operator.Loaded {
	out := make(chan operator.Loaded)
	go func() {
		defer close(out)
		news := k.watch.News()
		for last := "none"; ; {
			select {
			case <-news:
			case <-time.After(reread):
			case <-ctx.Done():
				return
			}
			for quiet := false; !quiet; {
				select {
				case <-news:
				case <-time.After(settles):
					quiet = true
				case <-ctx.Done():
					return
				}
			}
			loaded := load()
			now := fmt.Sprint(loaded.World.Digest(), loaded.Err)
			if now == last {
				continue
			}
			select {
			case out <- loaded:
				last = now
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// tell keeps the objects of the namespace saying how things stand, until ctx ends.
func (k *kubeServing) tell(ctx context.Context, fleet *cluster, o *operator.Operator, log *slog.Logger) {
	f := &followed{fleet: o.Fleet, keys: o.Applier.Keys}
	l := &link{conn: fleet.conn}
	kube.Loop{Cluster: k.cluster, Watch: k.watch, Reality: f.reality, Lost: l.lost, Nodes: k.nodes, Me: o.Applier.Holder, Lasts: o.Applier.Lasts,
		Waits:   func() kube.Waits { return waits(o.Status().Standing) },
		Idle:    func() bool { return o.Status().Standing.State == operator.Standby },
		Foresee: func(w algebra.World) diag.List { return foreseen(w, "") },
		Tell:    func(err error) { log.Warn("Kubernetes is not told", "error", err) }}.Run(ctx)
}

// link is the connection to the broker, and when it was away last. It serves one goroutine.
type link struct {
	conn       *natsgo.Conn
	gone, back time.Time
}

// hearAgain bounds for how long after an outage it is not held against a device that it is silent: it
// has to connect again, too.
const hearAgain = time.Minute

// lost says why the fleet cannot be seen; empty if it can.
func (l *link) lost() string {
	now := time.Now()
	switch {
	case !l.conn.IsConnected():
		if l.gone.IsZero() {
			l.gone = now
		}
		l.back = time.Time{}
		return "there is no connection to the broker"
	case l.gone.IsZero():
		return ""
	case l.back.IsZero():
		l.back = now
	}
	if now.Sub(l.back) < min(l.back.Sub(l.gone), hearAgain) {
		return "the connection to the broker has just come back"
	}
	l.gone, l.back = time.Time{}, time.Time{}
	return ""
}

// waits is why an operator does not do what is pending.
func waits(s operator.Standing) kube.Waits {
	switch s.State {
	case operator.Denied, operator.Unapproved, operator.Held, operator.HaltedState, operator.Overtaken, operator.Cancelled,
		operator.Retrying, operator.Unreachable, operator.Busy, operator.Waiting:
		return kube.Waits{Reason: strings.ToUpper(string(s.State[:1])) + string(s.State[1:]), Why: s.Why}
	case operator.Starting, operator.NoWorld, operator.Standby, operator.InSync, operator.Planned, operator.Running:
	}
	return kube.Waits{}
}

// followed is the reality of a fleet, kept in step by what changes. It serves one goroutine.
type followed struct {
	fleet  executor.Watcher
	keys   wire.Keyring
	mirror *executor.Mirror
	feed   <-chan executor.Change
	stop   context.CancelFunc
}

func (f *followed) reality(ctx context.Context) (algebra.Reality, error) {
	if f.mirror == nil {
		if err := f.begin(ctx); err != nil {
			return algebra.Reality{}, err
		}
	}
	var changes []executor.Change
	for more := true; more; {
		select {
		case c, open := <-f.feed:
			if !open {
				f.stop()
				f.mirror = nil
				return algebra.Reality{}, errors.New("the connection to the fleet was lost")
			}
			changes = append(changes, c)
		default:
			more = false
		}
	}
	// Records that cannot be read are told by the operator, which reads the same.
	if _, _, err := f.mirror.Hear(ctx, changes...); err != nil {
		return algebra.Reality{}, err
	}
	now := time.Now().UTC()
	f.mirror.Live.Apply(planner.Tick{At: now})
	r := f.mirror.Live.Reality()
	r.ObservedAt = now
	return r, nil
}

// begin reads the fleet, which is watched from before on, so that nothing is missed.
func (f *followed) begin(ctx context.Context) error {
	watching, stop := context.WithCancel(ctx)
	feed, err := f.fleet.WatchAll(watching)
	if err != nil {
		stop()
		return err
	}
	m, _, err := executor.NewMirror(watching, f.fleet, f.keys, algebra.World{}, time.Now().UTC())
	if err != nil {
		stop()
		return err
	}
	f.mirror, f.feed, f.stop = m, feed, stop
	return nil
}
