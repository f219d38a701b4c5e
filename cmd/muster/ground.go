package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
)

// ground is what expressions stand on: a World, empty where none is named, and the devices
// with the World's documents laid over them.
type ground struct {
	world    algebra.World
	declared bool // a World was named: its deployments are all there are
	reality  algebra.Reality
	roster   *algebra.Roster
	demand   algebra.Demand
	cites    *citations // nil where explanations do not say what was written where
}

// ground reads the sources, and the World in a directory unless that is empty.
func (s *source) ground(ctx context.Context, dir string) (ground, error) {
	reality, err := s.reality(ctx)
	if err != nil {
		return ground{}, err
	}
	var world algebra.World
	if dir != "" {
		if world, err = s.console.loadWorld(dir); err != nil {
			return ground{}, err
		}
	}
	return stand(world, dir != "", reality), nil
}

func stand(world algebra.World, declared bool, reality algebra.Reality) ground {
	g := ground{world: world, declared: declared, reality: reality}
	g.roster, _ = world.Relabel(reality.Roster)
	g.demand = world.On(reality.Of(g.roster))
	return g
}

// scope is what names mean here. Without a World deployments stay unchecked.
func (g ground) scope() selectors.Scope {
	s := selectors.Scope{Names: map[string]*selectors.Bound{}, LabelKeys: g.roster.LabelKeys()}
	for _, d := range g.definitions() {
		s.Names[d.Name] = d.Expr
	}
	if !g.declared {
		return s
	}
	s.Versions = map[string][]string{}
	for _, d := range g.world.Deployments {
		app := d.App().String()
		s.Versions[app] = append(s.Versions[app], d.Version().String())
	}
	return s
}

func (g ground) definitions() []algebra.Definition {
	return slices.Concat(g.world.Fleets, g.world.Assignments)
}

// bind resolves an expression of a text. The error is a diag.List placed in the text.
func (g ground) bind(expr selectors.Expr, s selectors.Scope, at diag.Source) (*selectors.Bound, error) {
	return g.bindQuery(selectors.Query{X: expr}, s, at)
}

// bindQuery resolves a query of a text, clauses and all.
func (g ground) bindQuery(q selectors.Query, s selectors.Scope, at diag.Source) (*selectors.Bound, error) {
	bound, _, err := g.bindScript(selectors.Script{Query: q}, s, at)
	return bound, err
}

// bindScript resolves a query of a text, and the names that stand before it.
func (g ground) bindScript(x selectors.Script, s selectors.Scope, at diag.Source) (query *selectors.Bound, lets []*selectors.Bound, err error) {
	query, lets, err = selectors.BindScript(x, s)
	if err != nil {
		list := placed(at, err)
		if !g.declared && len(s.Names) == 0 && len(lets) == 0 {
			withoutWorld(list)
		}
		return nil, nil, list
	}
	if span := x.Query.X.Span(); query.Sort() == selectors.AssignmentSort && !g.declared {
		return nil, nil, diag.List{at.At(span.Start, span.End, "an assignment names deployments, which only a World has", "name the World by -w DIR")}
	}
	return query, lets, nil
}

// withoutWorld tells who uses a @name without a World where names come from.
func withoutWorld(list diag.List) {
	for i, d := range list {
		if strings.HasPrefix(d.Message, "unknown name @") && !strings.HasPrefix(d.Hint, "did you mean") {
			list[i].Hint = "names are defined by a World; give it by -w DIR"
		}
	}
}

// placed are the errors of an expression that stands at a place of a text.
func placed(at diag.Source, err error) diag.List {
	var list selectors.Errors
	if !errors.As(err, &list) {
		return diag.List{{Severity: diag.Error, File: at.File, Message: err.Error()}}
	}
	var out diag.List
	for _, e := range list {
		d := at.At(e.At.Start, e.At.End, e.Message, e.Hint)
		d.Code = string(e.Code)
		out = append(out, d)
	}
	return out
}
