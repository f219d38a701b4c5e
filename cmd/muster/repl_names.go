package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// size is how many devices a name denotes; of an assignment, how many it makes claims at.
func (s *session) size(name string, b *selectors.Bound) int {
	n, ok := s.answers[name]
	if !ok {
		n = s.ground.devices(b, b.Expr()).Len()
		s.answers[name] = n
	}
	return n
}

func (s *session) names(ctx context.Context, _ call) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	var rows [][]string
	for _, d := range s.ground.definitions() {
		rows = append(rows, s.nameRow(d.Name, d.Expr, d.Source.String()))
	}
	for _, l := range s.lets {
		rows = append(rows, s.nameRow(l.name, l.bound, "here"))
	}
	if len(rows) == 0 {
		return errors.New("no names are defined; give one by let NAME = EXPR, or a World by -w DIR")
	}
	return s.fittingTable([]string{"NAME", "SORT", "DEVICES", "DEFINED", "MEANING"}, rows)
}

func (s *session) nameRow(name string, b *selectors.Bound, where string) []string {
	return []string{"@" + name, sortWord(b), strconv.Itoa(s.size(name, b)), where, selectors.Print(b.Expr())}
}

// sortWord is what a sort is called in a table.
func sortWord(b *selectors.Bound) string {
	_, word, _ := strings.Cut(b.Sort().String(), " ")
	return word
}

func (s *session) fleet(ctx context.Context, c call) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	switch arg := c.arg(); {
	case arg == "":
		return s.wholeFleet()
	case arg[0] == '@':
		return s.named(c)
	default:
		ordinal, err := s.ground.ordinal(arg)
		if err != nil {
			return err
		}
		return s.oneDevice(ordinal)
	}
}

func (s *session) wholeFleet() error {
	g := s.ground
	keys := g.roster.Keys()
	labels := len(g.roster.LabelKeys())
	rows := [][]string{
		{"devices", fmt.Sprintf("%d, from %s", g.roster.Len(), s.label(g))},
		{"keys", fmt.Sprintf("%s, %s", counted(labels, "label", "labels"), counted(len(keys)-labels, "fact", "facts"))},
		{"names", fmt.Sprintf("%d of the World, %d given here", len(g.definitions()), len(s.lets))},
	}
	if n := len(g.reality.Records); n > 0 {
		rows = append(rows, []string{"heard", fmt.Sprintf("%d within %s", n-s.stale(g.roster.All()), algebra.OnlineWithin)})
	}
	return columns(s.console.out, rows)
}

func (s *session) named(c call) error {
	b, err := s.bind(c.entry, c.from)
	if err != nil {
		return err
	}
	if n, ok := b.Expr().(selectors.Name); ok {
		fmt.Fprintln(s.console.out, s.dim("≡ "+selectors.Print(b.Name(n.Name).Expr())))
	}
	return s.answer(selectors.Query{X: b.Expr()}, b)
}

// oneDevice shows all that is known of a device.
func (s *session) oneDevice(ordinal uint32) error {
	g := s.ground
	d := g.roster.Device(ordinal)
	rows := [][]string{{"device", d.ID.String()}}
	for _, k := range g.roster.Keys() {
		if v, ok := g.roster.Value(ordinal, k); ok {
			rows = append(rows, []string{written(k), v})
		}
	}
	var in []string
	for _, def := range g.definitions() {
		if g.devices(def.Expr, def.Expr.Expr()).Contains(ordinal) {
			in = append(in, "@"+def.Name)
		}
	}
	for _, l := range s.lets {
		if g.devices(l.bound, l.bound.Expr()).Contains(ordinal) {
			in = append(in, "@"+l.name)
		}
	}
	if len(in) > 0 {
		rows = append(rows, []string{"in", strings.Join(in, ", ")})
	}
	if r, ok := g.reality.Records[d.ID]; ok {
		heard := "never"
		if !r.Heard.IsZero() {
			heard = r.Heard.UTC().Format("2006-01-02 15:04:05Z")
		}
		rows = append(rows, []string{"heard", heard})
	}
	rows = append(rows, s.running(d.ID)...)
	return columns(s.console.out, rows)
}

func (s *session) running(id algebra.DeviceID) [][]string {
	var rows [][]string
	for slot, state := range s.ground.reality.Slots {
		if slot.Device == id {
			rows = append(rows, []string{slot.App.String(), strings.TrimSpace(state.Phase.String() + " " + state.Detail)})
		}
	}
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return rows
}
