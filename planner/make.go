package planner

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// Make plans what takes r to w. It is pure: equal arguments, in any order of documents and
// devices, give equal plans. Over the slots that are not blocked its actions are Diff, so
// the plan is least; a blocked slot is in no action.
func Make(w algebra.World, r algebra.Reality) Plan {
	m := newMaking(w, r)
	p := m.local(w.Digest())
	m.arrange(&p)
	return p
}

func newMaking(w algebra.World, r algebra.Reality) *making {
	roster, registry := w.Relabel(r.Roster)
	m := &making{
		world: w, reality: r, roster: roster,
		registry: slices.DeleteFunc(registry, func(c algebra.Relabelling) bool { return noNews(c, r) }),
		demand:   w.On(r.Of(roster)),
		have:     r.Published.On(roster),
		known:    knownTo(w, r),
		blocked:  map[slot]Blocked{},
		retired:  retired(w, r),
		named:    map[string]By{},
		terms:    map[made][]term{},
	}
	m.traits = m.findTraits()
	m.claimants = m.claim()
	return m
}

// local is the plan without its waves: all that follows for a device from that device alone.
// digest is that of the World of which this may be a part.
func (m *making) local(digest algebra.Digest) Plan {
	m.place()
	m.block()
	want := m.settled()
	p := Plan{World: digest, Observed: m.reality.ObservedAt, Roster: m.roster, Registry: m.registry,
		ImageSizes: m.world.ImageSizes, Base: map[algebra.DeviceID]Base{}, published: m.have, known: m.known}
	for i, a := range Diff(want, m.have) {
		c := m.change(a)
		c.ID = changeID(i)
		p.Changes = append(p.Changes, c)
	}
	m.order(p.Changes)
	base := m.bases()
	for _, c := range p.Changes {
		base(p.Base, c.Action.Target().Device)
	}
	for _, c := range m.registry {
		base(p.Base, c.Device)
	}
	p.Blocked = m.blocks()
	m.reports(want, &p)
	return p
}

// arrange puts the changes of a local plan into waves, in the order of which they are told.
func (m *making) arrange(p *Plan) {
	courses, batch, rollout := m.schedule(p.Actions(), p.resting)
	for i := range p.Changes {
		p.Changes[i].Batch, p.Changes[i].Rollout = batch[i], rollout[i]
	}
	slices.SortStableFunc(p.Changes, func(a, b Change) int { return cmp.Compare(a.Batch, b.Batch) })
	id := make(map[string]string, len(p.Changes))
	for i := range p.Changes {
		id[p.Changes[i].ID] = changeID(i)
		p.Changes[i].ID = changeID(i)
	}
	for i := range p.Changes {
		for j, required := range p.Changes[i].Requires {
			p.Changes[i].Requires[j] = id[required]
		}
	}
	p.Courses, p.Emptied = courses, m.emptied(p.Changes)
}

// changeID is the id of a change by its place.
func changeID(i int) string { return "c" + strconv.Itoa(i+1) }

// knownTo are the deployments of which the content is known.
func knownTo(w algebra.World, r algebra.Reality) map[algebra.Digest]algebra.Deployment {
	known := make(map[algebra.Digest]algebra.Deployment, len(r.Specs)+len(w.Deployments))
	maps.Copy(known, r.Specs)
	for _, d := range w.Deployments {
		known[d.Digest()] = d.Deployment
	}
	return known
}

// slot is a Target by ordinal.
type slot struct {
	ordinal uint32
	app     algebra.App
}

// making is the state of one Make.
type making struct {
	world   algebra.World
	reality algebra.Reality
	roster  *algebra.Roster
	// registry is the changes that Device documents bring.
	registry []algebra.Relabelling
	demand   algebra.Demand
	winners  algebra.Resolution
	// asked is the resolved World without regard to blocks; claims says whose claim it is.
	asked algebra.Placement
	have  algebra.Placement
	known map[algebra.Digest]algebra.Deployment
	// apps are all apps that are asked for, in place or in conflict somewhere.
	apps    []algebra.App
	blocked map[slot]Blocked
	retired map[algebra.DeviceID]bool
	named   map[string]By
	terms   map[made][]term
	traits  map[algebra.Digest]*traits
	// claimants are the rollouts by which changes go out.
	claimants claimants
}

// change gives an action its reason and provenance.
func (m *making) change(a Action) Change {
	c := Change{Action: a}
	switch a := a.(type) {
	case Start:
		c.Reason, c.Want = Assigned, m.known[a.Want.Deployment]
	case Replace:
		c.Want, c.Have = m.known[a.Want.Deployment], m.known[a.Have.Deployment]
		switch {
		case a.Want.Version != a.Have.Version:
			c.Reason = VersionChanged
		case a.Want.Deployment != a.Have.Deployment:
			c.Reason = WorkloadChanged
		default:
			c.Reason = ValuesChanged
		}
	case Stop:
		c.Reason, c.Have = Unassigned, m.known[a.Have.Deployment]
		if m.retired[a.At.Device] {
			c.Reason = Retired
		}
		return c
	}
	i, _ := m.roster.Ordinal(a.Target().Device)
	c.Values, _ = c.Want.Values(m.roster.Attributes(i))
	for _, claim := range m.winners.At(i, a.Target().App) {
		for _, def := range m.demand.MadeBy(claim, i) {
			c.By = m.by(def)
			c.By.Term = m.term(def, claim, i)
			return c
		}
	}
	return c
}

// by names a definition; its text is written once for all the changes it brings.
func (m *making) by(def algebra.Definition) By {
	b, ok := m.named[def.Name]
	if !ok {
		b = By{Assignment: def.Name, Rule: selectors.Print(def.Expr.Expr()), Source: def.Source}
		m.named[def.Name] = b
	}
	return b
}

// retired is the devices that are to run nothing any more.
func retired(w algebra.World, r algebra.Reality) map[algebra.DeviceID]bool {
	out := map[algebra.DeviceID]bool{}
	for _, d := range w.Devices {
		if d.Decommissioned {
			out[d.ID] = true
		}
	}
	for id, rec := range r.Records {
		if rec.Lifecycle == algebra.Decommissioned {
			out[id] = true
		}
	}
	return out
}

// noNews reports a document that changes no label and retires a device which the registry has
// already let go. That a device is revoked outlives its being decommissioned: who was shut
// out does not get in again to be told to stop.
func noNews(c algebra.Relabelling, r algebra.Reality) bool {
	switch r.Records[c.Device].Lifecycle {
	case algebra.Revoked, algebra.Decommissioned:
		return c.Decommissioned && c.SameLabels()
	case 0, algebra.Requested, algebra.Enrolled:
		return false
	}
	panic("planner: unknown lifecycle")
}
