package main

import (
	"errors"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// satisfied is whether any device can match.
type satisfied struct {
	Expression  string           `json:"expression"`
	Satisfiable bool             `json:"satisfiable"`
	Witness     *analysis.Device `json:"witness"`
	Clash       []string         `json:"clash"`  // parts that cannot all hold; of an empty set
	Actual      *live            `json:"actual"` // null without devices
	basis
	carets []string
}

func (a analyst) sat(p posed) (answer, error) {
	s, err := analysis.NewSpace(a.options(), analysis.Of(p.bound))
	if err != nil {
		return nil, err
	}
	out := satisfied{Expression: p.text(), Clash: []string{}, basis: a.basis(), Actual: asLive(a.actual(func() algebra.Fleet { return a.fleet(p) }))}
	if out.Witness, out.Satisfiable, err = witness(s.Set(0)); err != nil || out.Satisfiable {
		return out, err
	}
	parts, err := analysis.Clash(a.options(), p.bound)
	if budget := (*analysis.Budget)(nil); errors.As(err, &budget) {
		out.carets = []string{"  " + budget.What} // the answer stands without them
		return out, nil
	}
	for _, x := range parts {
		out.Clash = append(out.Clash, selectors.Print(x))
	}
	out.carets = p.marked(parts)
	return out, err
}

// witness is a device of the set, if there is one.
func witness(s analysis.Set) (*analysis.Device, bool, error) {
	d, ok, err := s.Witness()
	if !ok || err != nil {
		return nil, false, err
	}
	return &d, true, nil
}

// marked is the text with carets under some parts, or these one by one where the text has lines.
func (p posed) marked(parts []selectors.Expr) []string {
	text := strings.TrimSpace(p.at.Text[p.at.Offset:])
	shift := len(p.at.Text[p.at.Offset:]) - len(strings.TrimLeft(p.at.Text[p.at.Offset:], " \t\n"))
	if strings.Contains(text, "\n") {
		var out []string
		for _, x := range parts {
			out = append(out, "  "+selectors.Print(x))
		}
		return out
	}
	under := []rune(strings.Repeat(" ", len([]rune(text))))
	for _, x := range parts {
		from, to := max(x.Span().Start-shift, 0), min(x.Span().End-shift, len(text))
		for i := len([]rune(text[:from])); i < len([]rune(text[:to])); i++ {
			under[i] = '^'
		}
	}
	return []string{"  " + text, "  " + strings.TrimRight(string(under), " ")}
}

func (s satisfied) holds() bool { return s.Satisfiable }

func (s satisfied) lines() []string {
	if s.Satisfiable {
		return s.assumptions(nonEmpty("satisfiable, for example by", example(s.Witness), s.Actual.told(s.total)))
	}
	out := []string{"no device can match"}
	switch len(s.Clash) {
	case 0:
	case 1:
		out[0] += ": the marked part is never true"
	default:
		out[0] += ": the marked parts cannot hold together"
	}
	return s.assumptions(append(out, s.carets...))
}

// implied is whether all devices of one set are in another.
type implied struct {
	If             string           `json:"if"`
	Then           string           `json:"then"`
	Proved         bool             `json:"proved"`
	Counterexample *analysis.Device `json:"counterexample"`
	Actual         *live            `json:"actual"` // of the first and not of the second
	basis
}

func (a analyst) implies(p, q posed) (answer, error) {
	s, err := analysis.NewSpace(a.options(), analysis.Of(p.bound), analysis.Of(q.bound))
	if err != nil {
		return nil, err
	}
	out := implied{If: p.text(), Then: q.text(), basis: a.basis(),
		Actual: asLive(a.actual(func() algebra.Fleet { return a.fleet(p).Minus(a.fleet(q)) }))}
	out.Counterexample, out.Proved, err = witness(s.Set(0).Minus(s.Set(1)))
	out.Proved = !out.Proved
	return out, err
}

func (i implied) holds() bool { return i.Proved }

func (i implied) lines() []string {
	if i.Proved {
		return i.assumptions([]string{"proved: every device that matches the first matches the second"})
	}
	return i.assumptions(nonEmpty("not so: this device matches the first and not the second", example(i.Counterexample), i.Actual.told(i.total)))
}

// equated is whether two expressions mean the same, and else what only one of them has.
type equated struct {
	A          string           `json:"a"`
	B          string           `json:"b"`
	Equal      bool             `json:"equal"`
	OnlyA      *analysis.Device `json:"only_a"`
	OnlyB      *analysis.Device `json:"only_b"`
	ActualOnly [2]*live         `json:"actual_only"` // of a, and of b
	basis
}

func (a analyst) eq(p, q posed) (answer, error) {
	s, err := analysis.NewSpace(a.options(), analysis.Of(p.bound), analysis.Of(q.bound))
	if err != nil {
		return nil, err
	}
	out := equated{A: p.text(), B: q.text(), basis: a.basis()}
	if out.Equal, err = s.Set(0).Equal(s.Set(1)); err != nil || out.Equal {
		return out, err
	}
	if out.OnlyA, _, err = witness(s.Set(0).Minus(s.Set(1))); err == nil {
		out.OnlyB, _, err = witness(s.Set(1).Minus(s.Set(0)))
	}
	out.ActualOnly = [2]*live{
		asLive(a.actual(func() algebra.Fleet { return a.fleet(p).Minus(a.fleet(q)) })),
		asLive(a.actual(func() algebra.Fleet { return a.fleet(q).Minus(a.fleet(p)) })),
	}
	return out, err
}

func (c equated) holds() bool { return c.Equal }

func (c equated) lines() []string {
	if c.Equal {
		return c.assumptions([]string{"equal: the same devices, whatever they are"})
	}
	out := []string{"different"}
	for i, d := range []*analysis.Device{c.OnlyA, c.OnlyB} {
		which := []string{"first", "second"}[i]
		if d == nil {
			out = append(out, "nothing is only in the "+which)
			continue
		}
		out = append(out, nonEmpty("only in the "+which, example(d), indentedBy(c.ActualOnly[i].told(c.total)))...)
	}
	return c.assumptions(out)
}

// overlapping is whether a device can be in both.
type overlapping struct {
	A        string           `json:"a"`
	B        string           `json:"b"`
	Possible bool             `json:"possible"`
	Witness  *analysis.Device `json:"witness"`
	Actual   *live            `json:"actual"`
	basis
}

func (a analyst) overlap(p, q posed) (answer, error) {
	s, err := analysis.NewSpace(a.options(), analysis.Of(p.bound), analysis.Of(q.bound))
	if err != nil {
		return nil, err
	}
	out := overlapping{A: p.text(), B: q.text(), basis: a.basis(),
		Actual: asLive(a.actual(func() algebra.Fleet { return a.fleet(p).Intersect(a.fleet(q)) }))}
	out.Witness, out.Possible, err = witness(s.Set(0).And(s.Set(1)))
	return out, err
}

func (o overlapping) holds() bool { return o.Possible }

func (o overlapping) lines() []string {
	if !o.Possible {
		return o.assumptions([]string{"disjoint: no device can match both"})
	}
	out := []string{"possible: a device can match both, for example", example(o.Witness)}
	if o.Actual != nil {
		out = append(out, o.Actual.told(o.total))
	}
	return o.assumptions(out)
}
