package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/musterfleet/muster/internal/diag"
)

// analyst asks with the names and the assumptions of the session.
func (s *session) analyst() (analyst, error) {
	a := analyst{ground: s.ground, scope: s.scope}
	for _, text := range s.assumed {
		if err := a.take(diag.Source{Line: 1, Text: text}); err != nil {
			return a, err
		}
	}
	return a, nil
}

// analyzing is the commands that ask the questions. Explaining has its own whynot.
func analyzing() []command {
	var out []command
	for _, q := range questions() {
		if q.device {
			continue
		}
		takes := takesExpr
		if q.sign != "" {
			takes = takesPair
		}
		out = append(out, command{q.name, q.args, q.about, takes, func(s *session, ctx context.Context, c call) error { return s.analyze(ctx, q, c) }})
	}
	return append(out, command{"assume", "[EXPR|none]", "what every possible device is like; without EXPR what is assumed", takesExpr, (*session).assume})
}

func (s *session) analyze(ctx context.Context, q question, c call) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	a, err := s.analyst()
	if err != nil {
		return err
	}
	entry := strings.TrimRight(c.entry, " \t\n")
	var in asked
	switch {
	case c.arg() == "":
	case q.sign == "":
		p, err := a.posed(diag.Source{Line: 1, Text: entry, Offset: c.from}, q.claims)
		if err != nil {
			return err
		}
		in.posed = []posed{p}
	default:
		at, ok := separated(entry[c.from:], q.sign)
		if !ok {
			return fmt.Errorf("two expressions are wanted, with %s between them; write :%s %s", q.sign, q.name, q.args)
		}
		at += c.from
		// The second one keeps its place in the entry; the first one must end before the sign.
		for _, part := range []diag.Source{{Line: 1, Text: entry[:at], Offset: c.from}, {Line: 1, Text: entry, Offset: at + len(q.sign)}} {
			p, err := a.posed(part, q.claims)
			if err != nil {
				return err
			}
			in.posed = append(in.posed, p)
		}
	}
	if q.optional && len(in.posed) == 0 && !s.ground.declared {
		return errors.New("there is no World; write an assignment, or give a World by -w DIR")
	}
	found, err := inTime(ctx, func() (answer, error) { return q.ask(a, in) })
	if err != nil {
		return err
	}
	fmt.Fprint(s.console.out, lines(found.lines()))
	return nil
}

// assume adds an assumption, lists them, or drops them all.
func (s *session) assume(ctx context.Context, c call) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	a, err := s.analyst()
	if err != nil {
		return err
	}
	switch arg := c.arg(); arg {
	case "":
		if len(s.assumed) == 0 {
			fmt.Fprintln(s.console.out, "nothing is assumed: any device of the schema is possible")
		}
	case "none":
		s.assumed = nil
		fmt.Fprintln(s.console.out, "nothing is assumed any more")
	default:
		entry := strings.TrimRight(c.entry, " \t\n")
		if err := a.take(diag.Source{Line: 1, Text: entry, Offset: strings.LastIndex(entry, arg)}); err != nil {
			return err
		}
		s.assumed = append(s.assumed, arg)
	}
	for _, text := range s.assumed {
		fmt.Fprintln(s.console.out, "assuming "+text)
	}
	return nil
}
