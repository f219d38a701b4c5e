package possible

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// Part is the devices for which an app comes out alike.
type Part struct {
	App string
	// Deployments are what they get: none, one, or several that conflict.
	Deployments []string
	Witness     analysis.Device
	// Expr is the devices as an expression of the scope of the claims; nil where none is known.
	Expr selectors.Expr
}

// Cover cuts the device space, for each app, by what is deployed: the parts of an app are
// disjoint and are every possible device together. Those that get one deployment come first, then
// conflicts, then who gets none. The error is an *analysis.Budget.
func Cover(o analysis.Options, all []Claim) ([]Part, error) {
	s, err := newSurvey(o, all)
	if err != nil {
		return nil, err
	}
	var out []Part
	for _, app := range sortedKeys(s.byApp) {
		parts, err := s.cover(app)
		if err != nil {
			return nil, err
		}
		out = append(out, parts...)
	}
	return out, nil
}

// outcome is a deployment and where it is among those that win.
type outcome struct {
	deployment string
	wins       []analysis.Predicate
	fleet      selectors.Expr
	known      bool
}

func (s *survey) cover(app string) ([]Part, error) {
	var outcomes []outcome
	for _, i := range s.byApp[app] {
		name := s.all[i].Deployment()
		at := slices.IndexFunc(outcomes, func(o outcome) bool { return o.deployment == name })
		if at < 0 {
			at = len(outcomes)
			outcomes = append(outcomes, outcome{deployment: name, known: true})
		}
		o := &outcomes[at]
		o.wins = append(o.wins, s.wins(i))
		fleet, known := s.winning(i)
		o.fleet, o.known = joined(selectors.Or, o.fleet, fleet), o.known && known
	}
	slices.SortFunc(outcomes, func(a, b outcome) int { return strings.Compare(a.deployment, b.deployment) })
	var of []analysis.Predicate
	for _, o := range outcomes {
		of = append(of, analysis.Either(o.wins...))
	}
	space, err := analysis.NewSpace(s.options, of...)
	if err != nil {
		return nil, err
	}
	cells, err := space.Cells()
	if err != nil {
		return nil, err
	}
	var out []Part
	for _, cell := range cells {
		part := Part{App: app, Witness: cell.Witness}
		known := true
		for i, o := range outcomes {
			if cell.In[i] {
				part.Deployments = append(part.Deployments, o.deployment)
				part.Expr = joined(selectors.And, part.Expr, o.fleet)
			}
			known = known && o.known
		}
		for i, o := range outcomes {
			if !cell.In[i] {
				part.Expr = without(part.Expr, o.fleet)
			}
		}
		if !known {
			part.Expr = nil
		}
		out = append(out, part)
	}
	slices.SortStableFunc(out, func(a, b Part) int {
		return cmp.Or(a.rank()-b.rank(), slices.Compare(a.Deployments, b.Deployments))
	})
	return out, nil
}

// rank puts parts with one deployment first and those with none last.
func (p Part) rank() int {
	if len(p.Deployments) == 0 {
		return math.MaxInt32
	}
	return len(p.Deployments)
}

// winning is where the i-th claim is not taken by a higher one, as an expression.
func (s *survey) winning(i int) (selectors.Expr, bool) {
	x := s.all[i].fleet
	known := x != nil && !s.crowded[i]
	for _, j := range s.higher[i] {
		known = known && s.all[j].fleet != nil
		x = without(x, s.all[j].fleet)
	}
	return x, known
}

// Meet is the devices of a conflict as an expression of the scope of the claims; nil where none
// is known.
func Meet(c Conflict) selectors.Expr {
	if c.A.fleet == nil || c.B.fleet == nil {
		return nil
	}
	x := joined(selectors.And, c.A.fleet, c.B.fleet)
	for _, y := range c.over {
		if y == nil {
			return nil
		}
		x = without(x, y)
	}
	return x
}

// joined joins two expressions of whatever sorts by & or |; nil stands for nothing yet.
func joined(op selectors.BinaryOp, x, y selectors.Expr) selectors.Expr {
	switch {
	case x == nil:
		return y
	case y == nil:
		return x
	}
	x, y = alike(x, y)
	return selectors.Binary{Op: op, L: x, R: y}
}

// without is what of x is not in y; of nothing yet, what of all devices is not.
func without(x, y selectors.Expr) selectors.Expr {
	if y == nil {
		return x
	}
	if isFleet(y) || x != nil && isFleet(x) {
		if x == nil {
			x = selectors.Universe{}
		}
		x, y = alike(x, y)
		return selectors.Binary{Op: selectors.Minus, L: x, R: y}
	}
	not := selectors.Expr(selectors.Not{X: y})
	return joined(selectors.And, x, not)
}

// alike makes fleets of both expressions if one of them is.
func alike(x, y selectors.Expr) (selectors.Expr, selectors.Expr) {
	if isFleet(x) == isFleet(y) {
		return x, y
	}
	return lifted(x), lifted(y)
}

func lifted(x selectors.Expr) selectors.Expr {
	if isFleet(x) {
		return x
	}
	return selectors.Filter{X: selectors.Universe{}, By: x}
}

// isFleet reports whether an expression is a fleet by its form. A name may stand for either; it is
// taken for what fits most places, a fleet.
func isFleet(x selectors.Expr) bool {
	switch x := x.(type) {
	case selectors.Universe, selectors.Nodes, selectors.Filter, selectors.Take, selectors.Name:
		return true
	case selectors.Binary:
		return x.Op == selectors.Minus || x.Op == selectors.Xor || isFleet(x.L) || isFleet(x.R)
	case selectors.Const, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within,
		selectors.Quant, selectors.Sample, selectors.Not, selectors.Rule:
	}
	return false
}
