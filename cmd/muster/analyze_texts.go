package main

import (
	"slices"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// simplified is a shorter text of the same meaning.
type simplified struct {
	Expression string `json:"expression"`
	Simplified string `json:"simplified"`
	Shorter    bool   `json:"shorter"`
	basis
}

func (a analyst) simplify(p posed) (answer, error) {
	x, err := analysis.Simplify(a.options(), p.bound)
	if err != nil {
		return nil, err
	}
	out := simplified{Expression: p.text(), Simplified: selectors.Print(x), basis: a.basis()}
	out.Shorter = len(out.Simplified) < len(out.Expression)
	return out, nil
}

func (s simplified) holds() bool { return s.Shorter }

func (s simplified) lines() []string {
	if !s.Shorter {
		return s.assumptions([]string{s.Simplified, "no part of it can be spared"})
	}
	return s.assumptions([]string{s.Simplified})
}

// linted is the parts of an expression that do nothing, and what its negations let in.
type linted struct {
	Expression string       `json:"expression"`
	Remarks    []lintRemark `json:"remarks"`
	basis
	p posed
}

// lintRemark is one thing about a part of the expression, or about the whole where Part is empty.
type lintRemark struct {
	Part string `json:"part"`
	Text string `json:"text"`
	expr selectors.Expr
}

func (a analyst) lint(p posed) (answer, error) {
	found, err := analysis.Lint(a.options(), p.bound)
	if err != nil {
		return nil, err
	}
	out := linted{Expression: p.text(), Remarks: []lintRemark{}, basis: a.basis(), p: p}
	for _, r := range found {
		out.Remarks = append(out.Remarks, lintRemark{selectors.Print(r.Part), r.Why.String(), r.Part})
	}
	if a.ground.roster.Len() == 0 {
		return out, nil
	}
	remarks := slices.Concat(notes(p.bound.Expr(), a.ground.roster), unreadable(p.bound.Expr(), a.ground.roster), admitted(p.bound, a.fleet(p)))
	for _, r := range remarks {
		text := r.text
		if r.hint != "" {
			text += "; " + r.hint
		}
		out.Remarks = append(out.Remarks, lintRemark{Text: text})
	}
	return out, nil
}

func (l linted) holds() bool { return len(l.Remarks) == 0 }

func (l linted) lines() []string {
	if len(l.Remarks) == 0 {
		return l.assumptions([]string{"nothing to remark: every part does something"})
	}
	var out []string
	for _, r := range l.Remarks {
		if r.expr == nil {
			out = append(out, r.Text)
			continue
		}
		out = append(out, r.Part+" "+r.Text)
		out = append(out, l.p.marked([]selectors.Expr{r.expr})...)
	}
	return l.assumptions(out)
}

// mended is what would bring a device into a set.
type mended struct {
	Device   string     `json:"device"`
	Admitted bool       `json:"admitted"`
	Changes  [][]wanted `json:"changes"`
	text     []string
}

func (a analyst) whynot(device string, p posed, wide int) (answer, error) {
	ordinal, err := a.ground.ordinal(device)
	if err != nil {
		return nil, err
	}
	ways, err := a.ground.whynot(p.bound, ordinal)
	if err != nil {
		return nil, err
	}
	out := mended{Device: device, Admitted: a.fleet(p).Contains(ordinal), Changes: wantedWays(ways)}
	if out.Admitted {
		out.text = []string{device + " is admitted; muster analyze why says why"}
		return out, nil
	}
	out.text, err = a.ground.unless(p.bound, ordinal, wide)
	return out, err
}

func (m mended) holds() bool { return m.Admitted || len(m.Changes) > 0 }

func (m mended) lines() []string { return m.text }

// wantedWays are changes as machines read them.
func wantedWays(ways [][]change) [][]wanted {
	out := [][]wanted{}
	for _, way := range ways {
		var w []wanted
		for _, ch := range way {
			one := wanted{Key: ch.key.String(), Element: ch.element}
			if ch.present {
				one.Value = &ch.value
			}
			w = append(w, one)
		}
		out = append(out, w)
	}
	return out
}

// reasoned is why a device is in a set or is not.
type reasoned struct {
	Device   string     `json:"device"`
	Admitted bool       `json:"admitted"`
	Deciding []decision `json:"deciding"`
	text     []string
}

func (a analyst) why(device string, p posed, wide int) (answer, error) {
	ordinal, err := a.ground.ordinal(device)
	if err != nil {
		return nil, err
	}
	whole := a.ground.explain(p.bound)
	return reasoned{
		Device: device, Admitted: whole.fleet.Contains(ordinal),
		Deciding: whole.decisions(a.ground.roster, ordinal),
		text:     a.ground.because(p.bound, ordinal, wide),
	}, nil
}

func (r reasoned) holds() bool { return r.Admitted }

func (r reasoned) lines() []string { return r.text }
