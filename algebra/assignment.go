package algebra

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/musterfleet/muster/selectors"
)

// Claim says that a deployment should run in its app's slot, with a priority. Claims are
// told apart by (app, priority, digest).
type Claim struct {
	Deployment Deployment
	Priority   int
}

// Compare orders claims by app, then from the highest priority down, then by deployment.
func (c Claim) Compare(o Claim) int {
	return cmp.Or(c.Deployment.App().Compare(o.Deployment.App()), cmp.Compare(o.Priority, c.Priority),
		c.Deployment.Compare(o.Deployment))
}

// Assignment is a set of claims at devices of one roster. Union, Intersect and Minus are the
// set operations, so the laws of a Boolean algebra with relative complement hold, and each
// distributes over devices: (A op B)(d) = A(d) op B(d).
type Assignment struct {
	roster *Roster
	claims []claimSet // by Claim.Compare, none empty
}

// claimSet is one claim and the devices it is made at.
type claimSet struct {
	claim Claim
	on    *roaring.Bitmap
}

// Assign is the assignment that makes each claim at each device of the fleet.
func (f Fleet) Assign(claims ...Claim) Assignment {
	a := Assignment{roster: f.roster}
	if f.IsEmpty() {
		return a
	}
	sorted := slices.SortedFunc(slices.Values(claims), Claim.Compare)
	for _, c := range slices.CompactFunc(sorted, func(x, y Claim) bool { return x.Compare(y) == 0 }) {
		a.claims = append(a.claims, claimSet{c, f.set})
	}
	return a
}

// Unassigned makes no claim.
func (r *Roster) Unassigned() Assignment { return Assignment{roster: r} }

// Roster is the devices that claims are made at.
func (a Assignment) Roster() *Roster { return a.roster }

// Union is the claims of a or b.
func (a Assignment) Union(b Assignment) Assignment { return a.join(b, roaring.Or, true, true) }

// Intersect is the claims of a and b. Claims of different priority are different claims.
func (a Assignment) Intersect(b Assignment) Assignment { return a.join(b, roaring.And, false, false) }

// Minus is the claims of a that are not in b.
func (a Assignment) Minus(b Assignment) Assignment { return a.join(b, roaring.AndNot, true, false) }

// join merges the sorted claims; op decides where both make one, keepA and keepB where only
// one does.
func (a Assignment) join(b Assignment, op func(x, y *roaring.Bitmap) *roaring.Bitmap, keepA, keepB bool) Assignment {
	if a.roster != b.roster {
		panic("algebra: assignments of two rosters do not combine")
	}
	out := Assignment{roster: a.roster}
	add := func(c claimSet) {
		if !c.on.IsEmpty() {
			out.claims = append(out.claims, c)
		}
	}
	x, y := a.claims, b.claims
	for len(x) > 0 || len(y) > 0 {
		order := -1
		switch {
		case len(x) == 0:
			order = 1
		case len(y) > 0:
			order = x[0].claim.Compare(y[0].claim)
		}
		switch {
		case order < 0:
			if keepA {
				add(x[0])
			}
			x = x[1:]
		case order > 0:
			if keepB {
				add(y[0])
			}
			y = y[1:]
		default:
			add(claimSet{x[0].claim, op(x[0].on, y[0].on)})
			x, y = x[1:], y[1:]
		}
	}
	return out
}

// In is the claims at devices of the fleet: A[s](d) = A(d) if s admits d, else nothing.
func (a Assignment) In(f Fleet) Assignment {
	out := Assignment{roster: a.roster}
	for _, c := range a.claims {
		if on := roaring.And(c.on, f.set); !on.IsEmpty() {
			out.claims = append(out.claims, claimSet{c.claim, on})
		}
	}
	return out
}

// All yields each claim with the devices it is made at, in the order of claims.
func (a Assignment) All() iter.Seq2[Claim, Fleet] {
	return func(yield func(Claim, Fleet) bool) {
		for _, c := range a.claims {
			if !yield(c.claim, Fleet{a.roster, c.on}) {
				return
			}
		}
	}
}

// isNothing reports an assignment without a claim on any device.
func (a Assignment) isNothing() bool {
	for _, on := range a.All() {
		if !on.IsEmpty() {
			return false
		}
	}
	return true
}

// At is the claims made at one device, by ordinal: the function an Assignment denotes.
func (a Assignment) At(ordinal uint32) []Claim {
	var out []Claim
	for _, c := range a.claims {
		if c.on.Contains(ordinal) {
			out = append(out, c.claim)
		}
	}
	return out
}

// Makes reports whether the assignment makes that claim at that device.
func (a Assignment) Makes(c Claim, ordinal uint32) bool {
	i, ok := slices.BinarySearchFunc(a.claims, c, func(s claimSet, c Claim) int { return s.claim.Compare(c) })
	return ok && a.claims[i].on.Contains(ordinal)
}

// Equal reports whether both make the same claims at the same devices.
func (a Assignment) Equal(b Assignment) bool {
	return a.roster == b.roster && slices.EqualFunc(a.claims, b.claims, func(x, y claimSet) bool {
		return x.claim.Compare(y.claim) == 0 && x.on.Equals(y.on)
	})
}

func (e *evaluation) assignment(b *selectors.Bound) Assignment {
	a, ok := e.assignments[b]
	if !ok {
		a = e.claims(b, b.Expr())
		e.assignments[b] = a
	}
	return a
}

func (e *evaluation) claims(b *selectors.Bound, x selectors.Expr) Assignment {
	switch x := x.(type) {
	case selectors.Rule:
		var claims []Claim
		for _, d := range x.Deploy {
			claims = append(claims, Claim{e.deployment(d), x.Priority})
		}
		return Fleet{e.roster, e.set(b, x.From)}.Assign(claims...)
	case selectors.Filter:
		return e.claims(b, x.X).In(Fleet{e.roster, e.set(b, x.By)})
	case selectors.Name:
		return e.assignment(b.Name(x.Name))
	case selectors.Binary:
		l, r := e.claims(b, x.L), e.claims(b, x.R)
		switch x.Op {
		case selectors.Or:
			return l.Union(r)
		case selectors.And:
			return l.Intersect(r)
		case selectors.Minus:
			return l.Minus(r)
		case selectors.Xor:
		}
		panic(fmt.Sprintf("algebra: %q does not join assignments", rune(x.Op)))
	case selectors.Const, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Quant, selectors.Sample, selectors.Not, selectors.Universe, selectors.Nodes, selectors.Take:
		panic(fmt.Sprintf("algebra: %T is no assignment", x))
	}
	panic(fmt.Sprintf("algebra: unknown expression %T", x))
}

func (e *evaluation) deployment(ref selectors.DeployRef) Deployment {
	d, ok := e.deployments[DeploymentRef{App{ref.App}, Version{ref.Version}}]
	if !ok {
		panic("algebra: unknown deployment " + ref.App + "@" + ref.Version + " in a bound expression")
	}
	return d
}
