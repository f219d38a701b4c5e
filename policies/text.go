package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/selectors"
)

// How much of a long report people are shown; machines read all of it in the other formats.
const (
	mostLines = 8  // of the addresses of one objection
	mostTexts = 10 // of what one rule says
)

// Text is the report for people: objections that are equal but for the device fold into
// one, and what is long is cut, as it says then. The last line counts.
//
//	deny  no-latest: pin the image
//	      edge[001-250]/web (250 actions)
//	      declared at assignments.yaml:4; policy at policies.yaml:3
//
//	3 policies, 750 evaluations, 250 denied.
func (r Report) Text(color bool) string {
	var b strings.Builder
	type rule struct {
		name   string
		level  Level
		waived bool
	}
	of := func(f *Folded) rule { return rule{f.Rule, f.Level, f.Waiver != ""} }
	texts, said := map[rule]int{}, map[rule]int{}
	all := r.Fold(false)
	for _, f := range all {
		texts[of(f)]++
	}
	for _, f := range all {
		if said[of(f)]++; said[of(f)] > mostTexts {
			if said[of(f)] == mostTexts+1 {
				fmt.Fprintf(&b, "… and %d more of %s\n", texts[of(f)]-mostTexts, f.Rule)
			}
			continue
		}
		head := paint(f.Level, color)
		if f.Waiver != "" {
			head = "waived"
		}
		fmt.Fprintf(&b, "%s  %s: %s\n", head, f.Rule, plain(f.Msg))
		if len(f.Addresses) > 0 {
			fmt.Fprintf(&b, "      %s\n", f.lines())
		}
		if from := f.sources(); from != "" {
			fmt.Fprintf(&b, "      %s\n", from)
		}
		if f.Waiver != "" {
			fmt.Fprintf(&b, "      %s\n", plain(r.WaiverText(f.Waiver)))
		}
	}
	for _, line := range r.WaiverLines() {
		fmt.Fprintf(&b, "note  %s\n", plain(line))
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(r.Summary() + "\n")
	return b.String()
}

// Summary is the report's last line.
func (r Report) Summary() string {
	s := fmt.Sprintf("%s, %s, %d denied", count(r.Policies, "policy", "policies"), count(r.Evaluations, "evaluation", "evaluations"), r.Count(Deny))
	if n := r.Count(Warn); n > 0 {
		s += ", " + count(n, "warning", "warnings")
	}
	if n := r.Count(Info); n > 0 {
		s += ", " + count(n, "note", "notes")
	}
	if n := r.WaivedCount(); n > 0 {
		s += fmt.Sprintf(", %d waived", n)
	}
	return s + "."
}

// Folded is results that differ in their change only, or in its place. Its Result is the first.
type Folded struct {
	Result
	Addresses []string         // empty if it is about no change
	Places    []algebra.Source // where the changes were declared, each once
}

// Fold joins results of one rule and text, at one place or at all, in their order.
func (r Report) Fold(perPlace bool) []*Folded {
	type text struct {
		level     Level
		rule, msg string
		policy    algebra.Source
		place     planfile.Source
		whole     bool // about no change
		waiver    string
	}
	index := map[text]*Folded{}
	seen := map[*Folded]map[planfile.Source]bool{}
	var order []*Folded
	for _, one := range r.Results {
		k := text{level: one.Level, rule: one.Rule, msg: one.Msg, policy: one.Policy, whole: one.Address == "", waiver: one.Waiver}
		if perPlace {
			k.place = one.Loc
		}
		f := index[k]
		if f == nil {
			f = &Folded{Result: one}
			index[k], seen[f] = f, map[planfile.Source]bool{}
			order = append(order, f)
		}
		if one.Address == "" {
			continue
		}
		f.Addresses = append(f.Addresses, one.Address)
		if one.Loc.File != "" && !seen[f][one.Loc] {
			seen[f][one.Loc] = true
			f.Places = append(f.Places, algebra.Source(one.Loc))
		}
	}
	return order
}

// Where lists the addresses folded, app by app: edge[001-250]/web (250 actions).
func (f *Folded) Where() string {
	devices := map[string][]string{}
	var apps []string
	for _, a := range f.Addresses {
		device, app, _ := strings.Cut(a, "/")
		if devices[app] == nil {
			apps = append(apps, app)
		}
		devices[app] = append(devices[app], device)
	}
	slices.Sort(apps)
	var parts []string
	for _, app := range apps {
		s := selectors.Fold(devices[app])
		if app != "" {
			if strings.Contains(s, ",") {
				s = "{" + s + "}"
			}
			s += "/" + app
		}
		parts = append(parts, s)
	}
	s := strings.Join(parts, ", ")
	if n := len(f.Addresses); n > 1 {
		s += " (" + count(n, "action", "actions") + ")"
	}
	return s
}

// sources says where the changes were declared, and where the policy.
func (f *Folded) sources() string {
	const most = 3 // places in full
	var parts []string
	if len(f.Places) > 0 {
		slices.SortFunc(f.Places, func(a, b algebra.Source) int {
			return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
		})
		var shown []string
		for _, p := range f.Places[:min(most, len(f.Places))] {
			shown = append(shown, p.String())
		}
		parts = append(parts, "declared at "+strings.Join(shown, ", "))
		if n := len(f.Places) - most; n > 0 {
			parts[0] += fmt.Sprintf(" and %d more", n)
		}
	}
	if f.Policy.File != "" {
		parts = append(parts, "policy at "+f.Policy.String())
	}
	return strings.Join(parts, "; ")
}

// lines are where the addresses are, broken after commas, and cut.
func (f *Folded) lines() string {
	var b strings.Builder
	n, lines := 0, 1
	for part := range strings.SplitAfterSeq(f.Where(), ",") {
		if n > 0 && n+len(part) > 94 {
			b.WriteString("\n      ")
			if lines++; lines > mostLines {
				return b.String() + "… " + count(len(f.Addresses), "action", "actions") + " in all"
			}
			n, part = 0, strings.TrimPrefix(part, " ")
		}
		b.WriteString(part)
		n += len(part)
	}
	return b.String()
}

func paint(l Level, color bool) string {
	if !color {
		return l.String()
	}
	code := "36"
	switch l {
	case Deny:
		code = "1;31"
	case Warn:
		code = "33"
	case Info:
	}
	return "\x1b[" + code + "m" + l.String() + "\x1b[0m"
}

// plain is s on one line, without characters that could drive a terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return '\uFFFD'
		}
		return r
	}, strings.Join(strings.Fields(s), " "))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
