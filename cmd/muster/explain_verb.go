package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
)

func explainCommand(c *console) *cobra.Command {
	s := source{console: c}
	var world, device string
	cmd := &cobra.Command{
		Use:   "explain EXPR",
		Short: "print how many devices each part of an expression admits, or why one is in it",
		Long: `explain takes an expression apart, names and all, and counts the devices each part admits.
With --device it shows the parts that admit or refuse that device, with what the device has, and
where it is refused the fewest changes of keys that would have it admitted.`,
		Example: `  muster explain -w worlds/shop '@edge & arch = aarch64'
  muster explain -w worlds/shop '@edge - @canary' --device gw-7`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("explain: %d expressions, want one; put it in single quotes", len(args))
			}
			return nil
		},
		ValidArgsFunction: completeExpr(&s, &world, 1),
	}
	s.addFlags(cmd)
	worldFlag(cmd, &world)
	cmd.Flags().StringVar(&device, "device", "", "the `DEVICE` asked about")
	output := outputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if world == "" && !s.given() {
			return errors.New("explain: nothing to ask; name the devices by -w DIR, --roster FILE, --snapshot FILE or --nats URL")
		}
		g, err := s.ground(cmd.Context(), world)
		if err != nil {
			return err
		}
		at := diag.Source{File: "explain", Line: 1, Text: args[0]}
		expr, err := selectors.Parse(at.Text)
		if err != nil {
			return placed(at, err)
		}
		bound, err := g.bind(expr, g.scope(), at)
		if err != nil {
			return err
		}
		if device == "" {
			return c.explainCounts(g, bound, output.value)
		}
		return c.explainDevice(g, bound, device, output.value)
	}
	return cmd
}

// partCount is a part as machines read it.
type partCount struct {
	Expression string      `json:"expression"`
	Devices    int         `json:"devices"`
	Parts      []partCount `json:"parts"`
}

func (p part) asJSON() partCount {
	out := partCount{Expression: p.text, Devices: p.fleet.Len(), Parts: []partCount{}}
	for _, q := range p.parts {
		out.Parts = append(out.Parts, q.asJSON())
	}
	return out
}

// total is what the counts of an explanation are of, and the time it is about if it reads that.
func (g ground) total(b *selectors.Bound) string {
	text := "of " + counted(g.roster.Len(), "device", "devices")
	if b.Effect() == selectors.Clock {
		text += ", as of " + g.reality.ObservedAt.UTC().Format("2006-01-02 15:04:05Z")
	}
	return text
}

func (c *console) explainCounts(g ground, b *selectors.Bound, format string) error {
	p := g.explain(b)
	if format == "json" {
		return indented(c, p.asJSON())
	}
	if _, err := fmt.Fprint(c.out, lines(p.counts().lines(c.columns()))); err != nil {
		return err
	}
	fmt.Fprintln(c.errw, g.total(b))
	return nil
}

// verdict is why a device is admitted or not, as machines read it.
type verdict struct {
	Device   string     `json:"device"`
	Admitted bool       `json:"admitted"`
	Deciding []decision `json:"deciding"`
	// Changes are the ways of fewest changes that would have it admitted.
	Changes [][]wanted `json:"changes"`
}

// decision is an atom, or a part without parts, that decided.
type decision struct {
	Expression string `json:"expression"`
	Admits     bool   `json:"admits"`
	// Value is what the device has at the key asked about; null where it lacks the key.
	Value *string `json:"value"`
}

// wanted is a key and the value it would need; without one the key has to go.
type wanted struct {
	Key   string  `json:"key"`
	Value *string `json:"value"`
	// Element is what a set would need, or must not have where there is no value.
	Element string `json:"element,omitempty"`
}

func (c *console) explainDevice(g ground, b *selectors.Bound, device, format string) error {
	if b.Sort() == selectors.AssignmentSort {
		return errNoMember
	}
	ordinal, err := g.ordinal(device)
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	p := g.explain(b)
	in := p.fleet.Contains(ordinal)
	if format != "json" {
		text := g.because(b, ordinal, c.columns())
		if !in {
			told, err := g.changes(b, ordinal)
			if err != nil {
				return err
			}
			text = append(text, told...)
		}
		_, err := fmt.Fprint(c.out, lines(text))
		return err
	}
	v := verdict{Device: device, Admitted: in, Deciding: p.decisions(g.roster, ordinal), Changes: [][]wanted{}}
	if !in {
		ways, err := g.whynot(b, ordinal)
		if err != nil {
			return err
		}
		v.Changes = wantedWays(ways)
	}
	return indented(c, v)
}

// decisions are those at the ends of what decides a device.
func (p part) decisions(r *algebra.Roster, ordinal uint32) []decision {
	var out []decision
	for _, end := range p.ends(ordinal) {
		out = append(out, end.decision(r, ordinal))
	}
	return out
}

// ends are the parts at the ends of what decides a device.
func (p part) ends(ordinal uint32) []part {
	below := p.deciding(ordinal)
	if len(below) == 0 {
		return []part{p}
	}
	var out []part
	for _, q := range below {
		out = append(out, q.ends(ordinal)...)
	}
	return out
}

func (p part) decision(r *algebra.Roster, ordinal uint32) decision {
	d := decision{Expression: p.text, Admits: p.fleet.Contains(ordinal)}
	if k, ok := p.subject(); ok {
		if v, ok := r.Attributes(ordinal).Value(k); ok {
			d.Value = &v
		}
	}
	return d
}

// subject is the key that the part asks about, if it is an atom.
func (p part) subject() (selectors.Key, bool) {
	a, ok := p.expr.(selectors.Atom)
	if !ok {
		return selectors.Key{}, false
	}
	return plainKey(a.Subject()), true
}
