package planner

import (
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// reads is all that an expression, with the names in it, asks of a device: whatever else
// changes there, its value does not.
type reads struct {
	keys map[algebra.Key]bool
	// heard and slots say that it asks when the device was heard, or what it runs.
	heard, slots bool
	// heardWithin and sinceWithin are the ages at which an instant stops to be recent.
	heardWithin, sinceWithin []time.Duration
}

func readsOf(bound ...*selectors.Bound) *reads {
	r := &reads{keys: map[algebra.Key]bool{}}
	seen := map[*selectors.Bound]bool{}
	for _, b := range bound {
		r.bound(b, seen)
	}
	return r
}

func (r *reads) bound(b *selectors.Bound, seen map[*selectors.Bound]bool) {
	if !seen[b] {
		seen[b] = true
		r.expr(b, b.Expr(), seen, false)
	}
}

func (r *reads) expr(b *selectors.Bound, x selectors.Expr, seen map[*selectors.Bound]bool, element bool) {
	switch x := x.(type) {
	case selectors.Name:
		r.bound(b.Name(x.Name), seen)
	case selectors.Quant:
		r.slots, element = true, true
	case selectors.Within:
		if element {
			r.sinceWithin = append(r.sinceWithin, x.Age())
		} else {
			r.heard, r.heardWithin = true, append(r.heardWithin, x.Age())
		}
	case selectors.Take:
		r.key(x.By)
	case selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has:
		if a, ok := x.(selectors.Atom); ok && !element {
			r.key(a.Subject())
		}
	case selectors.Const, selectors.Sample, selectors.Not, selectors.Binary, selectors.Universe, selectors.Nodes, selectors.Filter, selectors.Rule:
	}
	for _, child := range selectors.Children(x) {
		r.expr(b, child, seen, element)
	}
}

func (r *reads) key(k selectors.Key) {
	switch {
	case k.Label:
		r.keys[algebra.Key{Label: true, Name: k.Name}] = true
	case k.Name == selectors.Heartbeat:
		r.heard = true
	case k.Name != "" && k.Name != "id" && k.Name != "name":
		r.keys[algebra.Key{Name: k.Name}] = true
	}
}

// demands are the expressions that make a World's claims.
func demands(w algebra.World) []*selectors.Bound {
	var out []*selectors.Bound
	for _, d := range w.Assignments {
		if !d.Abstract {
			out = append(out, d.Expr)
		}
	}
	return out
}

// takes adds the keys that a deployment takes its values from.
func (r *reads) takes(d algebra.Deployment) {
	for _, k := range d.TakesFrom() {
		r.keys[k] = true
	}
}
