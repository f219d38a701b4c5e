package planner

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// redeclare takes another World over and marks the devices on which it says something else.
func (l *Live) redeclare(w algebra.World, dirty map[algebra.DeviceID]bool) bool {
	old, docs := l.world, l.docs
	l.declare(w)
	l.ages = l.seen.expiries(l.reads)
	for id, doc := range l.docs {
		before, had := docs[id]
		if !had || doc.Source != before.Source || doc.Decommissioned != before.Decommissioned || !maps.Equal(doc.Labels, before.Labels) {
			dirty[id] = true
		}
	}
	for id := range docs {
		if _, has := l.docs[id]; !has {
			dirty[id] = true
		}
	}
	l.markKnown(old, dirty)
	if signedRollouts(old) != signedRollouts(w) {
		return true // who claims a slot may be another anywhere
	}
	before, after := signatures(old), signatures(w)
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(merged(before, after))) {
		if before[name] != after[name] {
			changed = append(changed, name)
		}
	}
	if len(changed) > 0 {
		l.markClaims(old, changed, dirty)
	}
	if !slices.Equal(factsRead(old), factsRead(w)) || len(dynamicRules(old)) > 0 != (len(dynamicRules(w)) > 0) {
		for id, part := range l.parts { // what each stands on is another
			if len(part.Changes)+len(part.Registry) > 0 {
				dirty[id] = true
			}
		}
	}
	return false
}

func merged[V any](a, b map[string]V) map[string]V {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// markKnown marks the devices on which a deployment is in place that came to be known, or is
// known no more.
func (l *Live) markKnown(old algebra.World, dirty map[algebra.DeviceID]bool) {
	before, after := digests(old), digests(l.world)
	differs := map[algebra.Digest]bool{}
	for _, pair := range [][2]map[algebra.Digest]bool{{before, after}, {after, before}} {
		for digest := range pair[0] {
			if _, spec := l.seen.base.Specs[digest]; !spec && !pair[1][digest] {
				differs[digest] = true
			}
		}
	}
	if len(differs) == 0 {
		return
	}
	r := l.seen.reality()
	for _, app := range r.Published.Apps() {
		for i := range uint32(r.Roster.Len()) {
			if differs[r.Published.Release(i, app).Deployment] {
				dirty[r.Roster.ID(i)] = true
			}
		}
	}
}

func digests(w algebra.World) map[algebra.Digest]bool {
	out := map[algebra.Digest]bool{}
	for _, d := range w.Deployments {
		out[d.Digest()] = true
	}
	return out
}

// markClaims marks the devices at which the assignments of these names make other claims than
// before, and those of which the plan says whose claim it is.
func (l *Live) markClaims(old algebra.World, names []string, dirty map[algebra.DeviceID]bool) {
	r := l.seen.reality()
	before, after := claims(old, names, r), claims(l.world, names, r)
	for i := range names {
		for claim, on := range before[i].All() {
			l.markWhere(claim, on, after[i], dirty)
		}
		for claim, on := range after[i].All() {
			l.markWhere(claim, on, before[i], dirty)
		}
	}
}

// markWhere marks where the other assignment does not make the claim, and where the plan
// tells of it.
func (l *Live) markWhere(c algebra.Claim, on algebra.Fleet, other algebra.Assignment, dirty map[algebra.DeviceID]bool) {
	for i := range on.Ordinals() {
		id := on.Roster().ID(i)
		if j, ok := other.Roster().Ordinal(id); ok && other.Makes(c, j) {
			if part, told := l.parts[id]; !told || len(part.Changes)+len(part.Blocked)+len(part.Registry) == 0 {
				continue
			}
		}
		dirty[id] = true
	}
}

// claims are those that the assignments of these names make, if they are not abstract.
func claims(w algebra.World, names []string, r algebra.Reality) []algebra.Assignment {
	roster, _ := w.Relabel(r.Roster)
	defs := w.Assignments
	w.Assignments = nil // evaluated one by one
	demand := w.On(r.Of(roster))
	out := make([]algebra.Assignment, len(names))
	for i, name := range names {
		out[i] = roster.Unassigned()
		for _, d := range defs {
			if d.Name == name && !d.Abstract {
				out[i] = demand.Assign(d.Expr)
			}
		}
	}
	return out
}

// claimed are the fleets that rollouts claim.
func claimed(w algebra.World) []*selectors.Bound {
	var out []*selectors.Bound
	for _, r := range w.Rollouts {
		if r.Fleet != nil {
			out = append(out, r.Fleet)
		}
	}
	return out
}

// signedRollouts is all on which it depends which rollout claims a slot.
func signedRollouts(w algebra.World) string {
	var b strings.Builder
	for _, r := range rollouts(w) {
		fmt.Fprintf(&b, "\x00%s %s %s:%d", r.Name, r.App, r.Source.File, r.Source.Line)
		if r.Fleet != nil {
			sign(&b, r.Fleet, nil, map[*selectors.Bound]bool{})
		}
	}
	return b.String()
}

// signatures say of each assignment all that its claims, and what plans tell of them, depend on
// in the World.
func signatures(w algebra.World) map[string]string {
	digest := map[string]string{}
	for _, d := range w.Deployments {
		digest[d.String()] = d.Digest().String()
	}
	out := map[string]string{}
	for _, def := range w.Assignments {
		if def.Abstract {
			continue
		}
		var b strings.Builder
		fmt.Fprintf(&b, "%s:%d", def.Source.File, def.Source.Line)
		sign(&b, def.Expr, digest, map[*selectors.Bound]bool{})
		out[def.Name] = b.String()
	}
	return out
}

func sign(b *strings.Builder, x *selectors.Bound, digest map[string]string, seen map[*selectors.Bound]bool) {
	if seen[x] {
		return
	}
	seen[x] = true
	b.WriteString("\x00" + selectors.Print(x.Expr()))
	var walk func(selectors.Expr)
	walk = func(e selectors.Expr) {
		if n, ok := e.(selectors.Name); ok {
			b.WriteString("\x00" + n.Name)
			sign(b, x.Name(n.Name), digest, seen)
		}
		if r, ok := e.(selectors.Rule); ok {
			for _, d := range r.Deploy {
				b.WriteString("\x00" + digest[d.App+"@"+d.Version])
			}
		}
		for _, child := range selectors.Children(e) {
			walk(child)
		}
	}
	walk(x.Expr())
}
