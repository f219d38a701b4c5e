package planfile

import (
	"errors"
	"fmt"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner"
)

// Plan is the plan the file was written from, as far as the file tells it. The file names
// deployments by digest and hides their secrets, so their contents come from known; and it
// has only the devices that the plan touches, so the whole roster may be given. Both may be
// nil. What a release in place takes from its device, and since when a slot is in flight, no
// file says.
//
// Law: with the roster and the deployments the plan was made from, From gives the file again.
func (f File) Plan(roster *algebra.Roster, known map[algebra.Digest]algebra.Deployment) (planner.Plan, error) {
	p, err := f.read(known)
	if err != nil {
		return planner.Plan{}, err
	}
	if p.Roster = roster; roster == nil {
		if p.Roster, err = algebra.NewRoster(f.devices()); err != nil {
			return planner.Plan{}, fmt.Errorf("plan: %w", err)
		}
	}
	return p, nil
}

// read is Plan without a roster. A file that it reads has one: devices gives each once.
func (f File) read(known map[algebra.Digest]algebra.Deployment) (planner.Plan, error) {
	world, err := algebra.ParseDigest(f.Base.WorldDigest)
	if err != nil {
		return planner.Plan{}, fmt.Errorf("plan: base: %w", err)
	}
	r := &reading{known: known, releases: map[*Deployment]algebra.Release{}, plan: planner.Plan{World: world, Observed: f.Base.ObservedAt,
		Unchanged: f.Summary.NoOp, Partial: !f.Complete, ImageSizes: sizes(f.Images), Base: make(map[algebra.DeviceID]planner.Base, len(f.Base.Devices))}}
	for _, d := range f.Base.Devices {
		if err := r.base(d); err != nil {
			return planner.Plan{}, fmt.Errorf("plan: base: %w", err)
		}
	}
	for _, c := range f.ResourceChanges {
		if err := r.change(c); err != nil {
			return planner.Plan{}, fmt.Errorf("plan: change %s of %s: %w", c.ID, c.Address, err)
		}
	}
	if r.plan.Courses, err = courses(f.Rollouts); err != nil {
		return planner.Plan{}, fmt.Errorf("plan: %w", err)
	}
	waves := map[int]bool{}
	for _, c := range r.plan.Courses {
		for _, w := range c.Waves {
			waves[w.Batch] = true
		}
	}
	for _, c := range r.plan.Changes {
		if !waves[c.Batch] {
			return planner.Plan{}, fmt.Errorf("plan: change %s is of batch %d, which no rollout has", c.ID, c.Batch)
		}
	}
	for _, e := range f.Emptied {
		r.plan.Emptied = append(r.plan.Emptied, planner.Emptied{
			By: planner.By{Assignment: e.Assignment.Name, Rule: e.Assignment.Rule, Term: e.Assignment.Term, Source: algebra.Source(e.Source)}, Stops: e.Stops})
	}
	for _, b := range f.Blocked {
		if err := r.blocked(b); err != nil {
			return planner.Plan{}, fmt.Errorf("plan: blocked %s: %w", b.Address, err)
		}
	}
	for _, d := range f.ResourceDrift {
		if err := r.drift(d); err != nil {
			return planner.Plan{}, fmt.Errorf("plan: drift of %s: %w", d.Address, err)
		}
	}
	for _, s := range f.InFlight {
		if err := r.inFlight(s); err != nil {
			return planner.Plan{}, fmt.Errorf("plan: in flight %s: %w", s.Address, err)
		}
	}
	return r.plan, nil
}

// devices are those the plan touches, with their labels as they will be.
func (f File) devices() []algebra.Device {
	var out []algebra.Device
	seen := map[string]bool{}
	for _, c := range f.ResourceChanges {
		id, err := algebra.ParseDeviceID(c.Device.ID)
		if err == nil && !seen[c.Device.ID] {
			seen[c.Device.ID] = true
			out = append(out, algebra.Device{ID: id, Labels: c.Device.Labels, Facts: c.Device.Facts})
		}
	}
	return out
}

// reading is the state of one File.Plan.
type reading struct {
	known    map[algebra.Digest]algebra.Deployment
	releases map[*Deployment]algebra.Release // of those that were met, which changes share
	plan     planner.Plan
}

func (r *reading) base(d DeviceBase) error {
	id, err := algebra.ParseDeviceID(d.ID)
	if err != nil {
		return err
	}
	b := planner.Base{Registry: d.Registry, Desired: d.Desired}
	if d.Read != "" {
		if b.Read, err = algebra.ParseDigest(d.Read); err != nil {
			return err
		}
	}
	r.plan.Base[id] = b
	return nil
}

func (r *reading) change(c Change) error {
	switch c.Type {
	case "device":
		return r.relabelling(c)
	case "deployment":
		if c.ActionReason == atRest {
			return r.atRest(c)
		}
		return r.action(c)
	}
	return fmt.Errorf("its type is %q, which this build does not know", c.Type)
}

func (r *reading) relabelling(c Change) error {
	id, err := algebra.ParseDeviceID(c.Address)
	if err != nil {
		return err
	}
	out := algebra.Relabelling{Device: id, Before: c.Change.BeforeLabels, After: c.Change.AfterLabels,
		Decommissioned: c.ActionReason == decommissioned, Source: algebra.Source(c.Source)}
	if slices.Equal(c.Change.Actions, []string{"create"}) {
		out.Before = nil
	}
	r.plan.Registry = append(r.plan.Registry, out)
	return nil
}

func (r *reading) action(c Change) error {
	at, err := planner.ParseTarget(c.Address)
	if err != nil {
		return err
	}
	reason, err := planner.ParseReason(c.ActionReason)
	if err != nil {
		return err
	}
	out := planner.Change{ID: c.ID, Reason: reason, Batch: c.Batch, Rollout: c.Rollout, Requires: c.Requires,
		By: planner.By{Assignment: c.Assignment.Name, Rule: c.Assignment.Rule, Term: c.Assignment.Term, Source: algebra.Source(c.Source)}}
	var have, want algebra.Release
	if c.Change.Before != nil {
		if have, err = r.release(c.Change.Before, at.App); err != nil {
			return err
		}
		have.Values = algebra.Digest{} // not in the file
		out.Have = r.known[have.Deployment]
	}
	if c.Change.After != nil {
		if want, err = r.release(c.Change.After, at.App); err != nil {
			return err
		}
		out.Want, out.Values = r.known[want.Deployment], c.Change.After.Values
	}
	switch verbs := c.Change.Actions; {
	case slices.Equal(verbs, []string{"create"}) && have.IsZero() && !want.IsZero():
		out.Action = planner.Start{At: at, Want: want}
	case slices.Equal(verbs, []string{"delete", "create"}) && !have.IsZero() && !want.IsZero():
		out.Action = planner.Replace{At: at, Have: have, Want: want}
	case slices.Equal(verbs, []string{"delete"}) && !have.IsZero() && want.IsZero():
		out.Action = planner.Stop{At: at, Have: have}
	default:
		return fmt.Errorf("its actions %q do not fit its before and after", verbs)
	}
	r.plan.Changes = append(r.plan.Changes, out)
	return nil
}

func (r *reading) atRest(c Change) error {
	at, err := planner.ParseTarget(c.Address)
	if err != nil {
		return err
	}
	if c.Change.After == nil {
		return errors.New("nothing is at rest there")
	}
	rel, err := r.release(c.Change.After, at.App)
	if err != nil {
		return err
	}
	r.plan.AtRest = append(r.plan.AtRest, planner.AtRest{At: at, Want: rel, Deployment: r.known[rel.Deployment]})
	return nil
}

func (r *reading) drift(d Drift) error {
	at, err := planner.ParseTarget(d.Address)
	if err != nil {
		return err
	}
	out := planner.Drift{At: at, Detail: d.Detail}
	for _, v := range []struct {
		text string
		into *algebra.Release
	}{{d.Published, &out.Published}, {d.Running, &out.Running}} {
		if v.text != "" {
			if v.into.Version, err = algebra.ParseVersion(v.text); err != nil {
				return err
			}
		}
	}
	if out.Phase, err = algebra.ParsePhase(d.Phase); err != nil {
		return err
	}
	r.plan.Drift = append(r.plan.Drift, out)
	return nil
}

func (r *reading) release(d *Deployment, app algebra.App) (algebra.Release, error) {
	if d.App != app.String() {
		return algebra.Release{}, fmt.Errorf("it places app %q", d.App)
	}
	if known, ok := r.releases[d]; ok {
		return known, nil
	}
	version, err := algebra.ParseVersion(d.Version)
	if err != nil {
		return algebra.Release{}, err
	}
	digest, err := algebra.ParseDigest(d.Digest)
	if err != nil {
		return algebra.Release{}, err
	}
	r.releases[d] = algebra.Release{Version: version, Deployment: digest, Values: algebra.Values(d.Values).Digest()}
	return r.releases[d], nil
}

func (r *reading) blocked(b Blocked) error {
	at, err := planner.ParseTarget(b.Address)
	if err != nil {
		return err
	}
	why, err := planner.ParseBlockReason(b.Reason)
	if err != nil {
		return err
	}
	out := planner.Blocked{At: at, Why: why, Detail: b.Detail}
	for _, s := range b.Sources {
		out.Sources = append(out.Sources, algebra.Source(s))
	}
	r.plan.Blocked = append(r.plan.Blocked, out)
	return nil
}

func (r *reading) inFlight(s InFlight) error {
	at, err := planner.ParseTarget(s.Address)
	if err != nil {
		return err
	}
	version, err := algebra.ParseVersion(s.Version)
	if err != nil {
		return err
	}
	out := planner.InFlight{At: at, Want: algebra.Release{Version: version}, Detail: s.Detail}
	if s.Phase != unknownPhase {
		if out.Phase, err = algebra.ParsePhase(s.Phase); err != nil {
			return err
		}
	}
	r.plan.InFlight = append(r.plan.InFlight, out)
	return nil
}
