package algebra

import (
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/musterfleet/muster/selectors"
)

// Select is the devices that a selector admits, or that a fleet expression denotes. It is a
// homomorphism: Select(a & b) = Select(a) ∩ Select(b), and so for | and !. An atom is decided
// once for each distinct value of its key. It panics on an assignment, and on an expression
// that is not static: a roster knows nothing of what devices do, but Reality.Select does.
func (r *Roster) Select(b *selectors.Bound) Fleet { return newEvaluation(r, nil).fleet(b) }

// evaluation computes bound expressions on one roster, each named definition once.
type evaluation struct {
	roster      *Roster
	seen        *observation // nil where there is a roster only
	atoms       *memory
	deployments map[DeploymentRef]Deployment
	fleets      map[*selectors.Bound]Fleet
	assignments map[*selectors.Bound]Assignment
}

func newEvaluation(r *Roster, deployments map[DeploymentRef]Deployment) *evaluation {
	return &evaluation{r, nil, newMemory(false), deployments, map[*selectors.Bound]Fleet{}, map[*selectors.Bound]Assignment{}}
}

func (e *evaluation) fleet(b *selectors.Bound) Fleet {
	f, ok := e.fleets[b]
	if !ok {
		if e.seen == nil && b.Effect() != selectors.Static {
			panic("algebra: " + selectors.Print(b.Expr()) + " is " + b.Effect().String() + "; a roster answers static expressions only")
		}
		f = Fleet{e.roster, e.set(b, b.Expr())}
		e.fleets[b] = f
	}
	return f
}

// set evaluates a selector or a fleet: on a roster both are sets of devices. The result may
// be shared and must not be changed.
func (e *evaluation) set(b *selectors.Bound, x selectors.Expr) *roaring.Bitmap {
	switch x := x.(type) {
	case selectors.Const:
		return e.universe(x.Value)
	case selectors.Universe:
		return e.universe(!x.Empty)
	case selectors.Compare:
		return e.attribute(x)
	case selectors.In:
		return e.attribute(x)
	case selectors.Glob:
		return e.attribute(x)
	case selectors.Contains:
		return e.attribute(x)
	case selectors.Has:
		return e.attribute(x)
	case selectors.Within:
		return e.within(x)
	case selectors.Quant:
		return e.quantified(b, x)
	case selectors.Sample:
		return e.sample(x)
	case selectors.Not:
		return roaring.AndNot(e.roster.all, e.set(b, x.X))
	case selectors.Binary:
		return e.binary(b, x)
	case selectors.Name:
		return e.fleet(b.Name(x.Name)).set
	case selectors.Nodes:
		return e.nodes(x.Names)
	case selectors.Filter:
		return e.conjunction(b, x)
	case selectors.Take:
		return e.take(x, Fleet{e.roster, e.set(b, x.X)})
	case selectors.Rule:
		panic("algebra: an assignment is no set of devices")
	}
	panic(fmt.Sprintf("algebra: unknown expression %T", x))
}

func (e *evaluation) binary(b *selectors.Bound, x selectors.Binary) *roaring.Bitmap {
	switch x.Op {
	case selectors.Or:
		return e.union(b, x)
	case selectors.And, selectors.Minus:
		return e.conjunction(b, x)
	case selectors.Xor:
		return roaring.Xor(e.set(b, x.L), e.set(b, x.R))
	}
	panic(fmt.Sprintf("algebra: unknown operator %q", rune(x.Op)))
}

func (e *evaluation) universe(full bool) *roaring.Bitmap {
	if full {
		return e.roster.all
	}
	return roaring.New()
}

func (e *evaluation) nodes(names []string) *roaring.Bitmap {
	ids, next := e.roster.ids, uint32(0)
	var found []uint32
	for _, n := range names { // in order, as ids are: most often the next name is the next device
		i, ok := next, int(next) < ids.len() && ids.at(next) == n
		if !ok {
			i, ok = ids.search(n)
		}
		if ok {
			found = append(found, i)
			i++
		}
		next = i
	}
	return roaring.BitmapOf(found...)
}
