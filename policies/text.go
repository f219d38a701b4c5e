package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// Text is the report for people: objections that are equal but for the device fold into
// one. The last line counts.
//
//	deny  no-latest: pin the image
//	      edge[001-250]/web (250 actions)
//	      declared at assignments.yaml:4; policy at policies.yaml:3
//
//	3 policies, 750 evaluations, 250 denied.
func (r Report) Text(color bool) string {
	var b strings.Builder
	for _, f := range r.fold() {
		head := paint(f.Level, color)
		if f.Waiver != "" {
			head = "waived"
		}
		fmt.Fprintf(&b, "%s  %s: %s\n", head, f.Rule, plain(f.Msg))
		if len(f.addresses) > 0 {
			fmt.Fprintf(&b, "      %s\n", f.where())
		}
		if from := f.sources(); from != "" {
			fmt.Fprintf(&b, "      %s\n", from)
		}
		if f.Waiver != "" {
			fmt.Fprintf(&b, "      %s\n", plain(r.waiverText(f.Waiver)))
		}
	}
	for _, line := range r.waiverLines() {
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
	if n := r.waived(); n > 0 {
		s += fmt.Sprintf(", %d waived", n)
	}
	return s + "."
}

// folded is the results that differ in their change only.
type folded struct {
	Result
	addresses []string
	places    []algebra.Source // where the changes were declared
}

func (r Report) fold() []*folded {
	type text struct {
		level     Level
		rule, msg string
		file      string
		line      int
		whole     bool // about no change
		waiver    string
	}
	index := map[text]*folded{}
	var order []*folded
	for _, one := range r.Results {
		k := text{one.Level, one.Rule, one.Msg, one.Policy.File, one.Policy.Line, one.Address == "", one.Waiver}
		f := index[k]
		if f == nil {
			f = &folded{Result: one}
			index[k] = f
			order = append(order, f)
		}
		if one.Address == "" {
			continue
		}
		f.addresses = append(f.addresses, one.Address)
		if one.Loc.File == "" {
			continue
		}
		if !slices.Contains(f.places, algebra.Source(one.Loc)) {
			f.places = append(f.places, algebra.Source(one.Loc))
		}
	}
	return order
}

// where lists the folded addresses, app by app.
func (f *folded) where() string {
	devices := map[string][]string{}
	var apps []string
	for _, a := range f.addresses {
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
	s := wrap(strings.Join(parts, ", "))
	if n := len(f.addresses); n > 1 {
		s += " (" + count(n, "action", "actions") + ")"
	}
	return s
}

// sources says where the changes were declared, and where the policy.
func (f *folded) sources() string {
	const most = 3 // places in full
	var parts []string
	if len(f.places) > 0 {
		slices.SortFunc(f.places, func(a, b algebra.Source) int {
			return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
		})
		var shown []string
		for _, p := range f.places[:min(most, len(f.places))] {
			shown = append(shown, p.String())
		}
		parts = append(parts, "declared at "+strings.Join(shown, ", "))
		if n := len(f.places) - most; n > 0 {
			parts[0] += fmt.Sprintf(" and %d more", n)
		}
	}
	if f.Policy.File != "" {
		parts = append(parts, "policy at "+f.Policy.String())
	}
	return strings.Join(parts, "; ")
}

// wrap breaks a long list after commas.
func wrap(s string) string {
	var b strings.Builder
	n := 0
	for part := range strings.SplitAfterSeq(s, ",") {
		if n > 0 && n+len(part) > 94 {
			b.WriteString("\n      ")
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
