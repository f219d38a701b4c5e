package main

import (
	"fmt"
	"slices"

	"github.com/musterfleet/muster/selectors"
)

// let is a name given in the session.
type let struct {
	name, text string
	bound      *selectors.Bound
}

// define gives a name, and tells what it means.
func (s *session) define(name string, bound *selectors.Bound) error {
	for _, d := range s.ground.definitions() {
		if d.Name == name {
			return fmt.Errorf("@%s is a name of the World; choose another", name)
		}
	}
	if err := s.give(let{name, selectors.Print(bound.Expr()), bound}); err != nil {
		return err
	}
	fmt.Fprintf(s.console.out, "@%s ≡ %s\n", name, selectors.Print(bound.Expr()))
	if bound = s.scope.Names[name]; bound.Sort() != selectors.AssignmentSort {
		fmt.Fprintln(s.console.out, s.dim(s.share(s.ground.demand.Fleet(bound).Len())))
	}
	return nil
}

// give adds a name, or gives it another meaning: names that use it follow. Names are kept in
// an order in which each uses only those before it.
func (s *session) give(l let) error {
	at := slices.IndexFunc(s.lets, func(old let) bool { return old.name == l.name })
	if at < 0 {
		s.lets = append(s.lets, l)
		s.scope.Names[l.name] = l.bound
		return nil
	}
	before := s.lets
	inPlace := slices.Clone(before)
	inPlace[at] = l
	for _, order := range [][]let{inPlace, append(slices.Delete(slices.Clone(before), at, at+1), l)} {
		s.lets = order
		if dropped := s.rebindAll(); len(dropped) == 0 {
			return nil
		}
	}
	s.lets = before
	s.rebindAll()
	return fmt.Errorf("@%s is used by a name that it would use now; choose another name", l.name)
}

// rebindAll resolves the names given in the session in their order.
func (s *session) rebindAll() (dropped []string) {
	s.scope, s.answers = s.ground.scope(), map[string]int{}
	kept := s.lets[:0:0]
	for _, l := range s.lets {
		if err := s.rebind(&l); err != nil {
			dropped = append(dropped, l.name)
			continue
		}
		kept = append(kept, l)
	}
	s.lets = kept
	return dropped
}

func (s *session) rebind(l *let) error {
	expr, err := selectors.Parse(l.text)
	if err != nil {
		return err
	}
	if l.bound, err = selectors.Bind(expr, s.scope); err != nil {
		return err
	}
	s.scope.Names[l.name] = l.bound
	return nil
}
