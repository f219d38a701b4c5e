package agent

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// perform carries effects out. Work goes on beside the loop; the State sees to it that no two
// works meet in one slot.
func (a *Agent) perform(work context.Context, effects []Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case Save:
			a.do(work, func() Event { return Saved{e.State, a.save(e)} })
		case Fetch:
			a.do(work, func() Event {
				d, err := a.fetch(work, e.Release)
				return Fetched{e.App, e.Release, d, err}
			})
		case Prepare:
			a.do(work, func() Event { return Prepared{e.App, e.Release, a.prepare(work, e.Deployment)} })
		case Consult:
			a.do(work, func() Event { return Consulted{e.App, e.Have, e.Want, a.Veto(work, e)} })
		case Start:
			a.Log.Info("start", "app", e.App, "version", e.Release.Version)
			a.do(work, func() Event { return Started{e.App, e.Release, a.Runtime.Start(work, e.Deployment, e.Values)} })
		case Stop:
			a.Log.Info("stop", "app", e.App)
			a.do(work, func() Event { return Stopped{e.App, a.Runtime.Stop(work, e.App)} })
		case Look:
			a.do(work, func() Event {
				have, err := a.Runtime.Observe(work)
				return Looked{e.Number, have, err}
			})
		case Tell:
			if e.State.LastError != "" {
				a.Log.Warn("report", "app", e.State.App, "phase", e.State.Phase, "version", e.State.Running.Version, "error", e.State.LastError)
			}
			a.outbox.put(e.State)
		case Refuse:
			if e.Reason != "" {
				a.Log.Error("refused", "reason", e.Reason)
			}
			a.outbox.fact(a.Device, FactRefused, e.Reason)
		case Trust:
			a.Log.Info("operator keys changed", "generation", e.Keys.Generation, "keys", len(e.Keys.Keys))
			a.outbox.fact(a.Device, FactKeyset, strconv.FormatUint(e.Keys.Generation, 10))
			if a.Dir == nil {
				continue
			}
			if err := a.Dir.SaveKeys(a.Keys, e.Keys); err != nil {
				a.Log.Error("operator keys not saved", "error", err)
			}
		case Remember:
			if a.Dir == nil {
				continue
			}
			if err := a.Dir.SaveFaults(e.Faults); err != nil {
				a.Log.Error("faults not saved", "error", err)
			}
		case Wake:
			a.wake.Reset(time.Until(e.At))
		default:
			panic(fmt.Sprintf("agent: unknown effect %T", e))
		}
	}
}

// do works beside the loop and brings the loop what came of it.
func (a *Agent) do(work context.Context, f func() Event) {
	a.work.Go(func() { a.send(work, f()) })
}

// prepare makes room first: what is fetched for a start must not fill the disk.
func (a *Agent) prepare(ctx context.Context, d algebra.Deployment) error {
	if c, can := a.Runtime.(Collector); can {
		keep := append(slices.Collect(maps.Values(a.state.Load().specs)), d)
		if err := c.Collect(ctx, keep); err != nil {
			a.Log.Warn("no room made on the disk", "error", err)
		}
	}
	return a.Runtime.Prepare(ctx, d)
}

func (a *Agent) save(e Save) error {
	if a.Dir == nil {
		return nil
	}
	if err := a.Dir.Save(e.State, e.Specs); err != nil {
		return err
	}
	if err := a.Dir.Prune(e.State.State().Generation); err != nil {
		a.Log.Warn("old generations not removed", "error", err)
	}
	return nil
}

// fetch gets a deployment and keeps it, so that it can be started with no network.
func (a *Agent) fetch(ctx context.Context, r algebra.Release) (algebra.Deployment, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	d, err := a.Link.Spec(ctx, r.Deployment)
	if err != nil {
		return algebra.Deployment{}, err
	}
	if d.Digest() != r.Deployment {
		return algebra.Deployment{}, fmt.Errorf("deployment %s: what came has the digest %s", r.Deployment.Short(), d.Digest().Short())
	}
	if a.Dir != nil {
		if err := a.Dir.SaveSpec(d); err != nil {
			return algebra.Deployment{}, fmt.Errorf("keep deployment %s: %w", d, err)
		}
	}
	return d, nil
}

// logEvent tells what somebody at the machine would want to know.
func (a *Agent) logEvent(e Event) {
	switch e := e.(type) {
	case Saved:
		if e.Err == nil {
			a.Log.Info("accepted", "generation", e.State.State().Generation, "apps", len(e.State.State().Apps))
		}
	case Fetched:
		a.logError("fetch", e.App, e.Err)
	case Prepared:
		a.logError("prepare", e.App, e.Err)
	case Consulted:
		a.logError("vetoed", e.App, e.Err)
	case Started:
		a.logError("start", e.App, e.Err)
	case Stopped:
		a.logError("stop", e.App, e.Err)
	case Looked:
		if e.Err != nil {
			a.Log.Error("cannot see what runs", "error", e.Err)
		}
	case Offered, Changed, Woke, Repeat, Held, End:
	}
}

func (a *Agent) logError(what string, app algebra.App, err error) {
	if err != nil {
		a.Log.Error(what, "app", app, "error", err)
	}
}
