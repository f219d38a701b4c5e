package selectors

import (
	"fmt"
	"slices"
	"strings"
)

// not checks that a selector is negated: a fleet has no complement but in all.
func (b *binder) not(x Not) (Expr, Sort) {
	inner, sort := b.bind(x.X)
	switch sort {
	case FleetSort:
		b.fail(x.At, wrongSort, "cannot apply ! to a fleet", "write "+brief(Binary{Op: Minus, L: Universe{}, R: x.X}))
	case AssignmentSort:
		b.fail(x.At, wrongSort, "cannot apply ! to an assignment", "take away its claims with -")
	case SelectorSort:
		return Not{At: x.At, X: inner}, SelectorSort
	}
	return x, 0
}

// lifts reports whether a selector may stand where a fleet is needed: it is made of names
// alone. The fleet is then that of all devices the selector admits; & and | mean the same
// before and after. Any other selector is likelier a mistake than a fleet.
func lifts(x Expr) bool {
	if b, ok := x.(Binary); ok {
		return lifts(b.L) && lifts(b.R)
	}
	_, ok := x.(Name)
	return ok
}

// binary checks that an operator joins two of a sort that has it.
func (b *binder) binary(x Binary) (Expr, Sort) {
	l, left := b.bind(x.L)
	r, right := b.bind(x.R)
	if left == 0 || right == 0 {
		return x, 0
	}
	whole := Binary{At: x.At, Op: x.Op, OpAt: x.OpAt, L: l, R: r}
	if left == SelectorSort && lifts(x.L) && (right == FleetSort || x.Op == Minus || x.Op == Xor) {
		left = FleetSort
	}
	if right == SelectorSort && lifts(x.R) && (left == FleetSort || x.Op == Minus || x.Op == Xor) {
		right = FleetSort
	}
	switch {
	case left == SelectorSort && right == SelectorSort && (x.Op == Minus || x.Op == Xor):
		b.fail(x.OpAt, wrongSort, fmt.Sprintf("%s does not apply to selectors", x.Op), "write "+brief(ofSelectors(x)))
	case left != right:
		b.fail(x.OpAt, wrongSort, fmt.Sprintf("cannot apply %s to %s and %s", x.Op, left, right), joinHint(x, left, right))
	case left == AssignmentSort && x.Op == Xor:
		b.fail(x.OpAt, wrongSort, "^ does not apply to assignments", "write "+brief(Binary{
			Op: Or,
			L:  Binary{Op: Minus, L: x.L, R: x.R},
			R:  Binary{Op: Minus, L: x.R, R: x.L},
		}))
	default:
		return whole, left
	}
	return x, 0
}

// ofSelectors says a difference of selectors with the operators they have.
func ofSelectors(x Binary) Expr {
	less := func(l, r Expr) Expr { return Binary{Op: And, L: l, R: complement(r)} }
	if x.Op == Minus {
		return less(x.L, x.R)
	}
	return Binary{Op: Or, L: less(x.L, x.R), R: less(x.R, x.L)}
}

// joinHint offers what was likely meant by joining two sorts.
func joinHint(x Binary, left, right Sort) string {
	if left > right && x.Op != Minus {
		x.L, x.R, left, right = x.R, x.L, right, left
	}
	switch {
	case left == AssignmentSort && right == SelectorSort && x.Op == Minus:
		return "did you mean " + brief(Filter{X: x.L, By: complement(x.R)}) + "?"
	case right == AssignmentSort && left == SelectorSort && x.Op == And:
		return "did you mean " + brief(Filter{X: x.R, By: x.L}) + "?"
	case left == AssignmentSort || right == AssignmentSort:
		return "an assignment joins with assignments only; make one with -> {app@version}"
	}
	fleet, selector := x.L, x.R
	if left == SelectorSort {
		fleet, selector = x.R, x.L
	}
	switch {
	case x.Op == And:
		return "did you mean " + brief(Filter{X: fleet, By: selector}) + "?"
	case x.Op == Minus && left == FleetSort:
		return "did you mean " + brief(Filter{X: fleet, By: complement(selector)}) + "?"
	case left == SelectorSort && x.Op == Minus:
		return "did you mean " + brief(Binary{Op: x.Op, L: lift(x.L), R: x.R}) + "?"
	}
	return "did you mean " + brief(Binary{Op: x.Op, L: fleet, R: lift(selector)}) + "?"
}

// lift is all[x].
func lift(x Expr) Expr { return Filter{X: Universe{}, By: x} }

// filter checks F[s].
func (b *binder) filter(x Filter) (Expr, Sort) {
	inner, sort := b.bind(x.X)
	by, bySort := b.bind(x.By)
	if sort == SelectorSort {
		if !lifts(x.X) {
			b.fail(x.X.Span(), wrongSort, "only a fleet or an assignment can be filtered", "write "+brief(Binary{Op: And, L: x.X, R: x.By})+" or "+brief(Filter{X: lift(x.X), By: x.By}))
			return x, 0
		}
		sort = FleetSort
	}
	switch bySort {
	case FleetSort:
		hint := "join fleets with &: " + brief(Binary{Op: And, L: x.X, R: x.By})
		if sort == AssignmentSort {
			hint = "use a selector, or restrict the fleet before its ->"
		}
		b.fail(x.By.Span(), wrongSort, "a filter is a selector, and this is a fleet", hint)
		return x, 0
	case AssignmentSort:
		b.fail(x.By.Span(), wrongSort, "a filter is a selector, and this is an assignment", "")
		return x, 0
	case SelectorSort:
	}
	if sort == 0 || bySort == 0 {
		return x, 0
	}
	return Filter{At: x.At, X: inner, By: by}, sort
}

// rule checks F -> {web@2.1.0} and fills in the versions.
func (b *binder) rule(x Rule) (Expr, Sort) {
	from, sort := b.bind(x.From)
	if sort == AssignmentSort {
		b.fail(x.From.Span(), wrongSort, "-> needs a fleet or a selector on its left, and this is an assignment", "join assignments with |")
	}
	deploy := slices.Clone(x.Deploy)
	for i, d := range deploy {
		deploy[i].Version = b.version(d)
	}
	return Rule{At: x.At, From: from, Deploy: deploy, Priority: x.Priority}, AssignmentSort
}

// version is the version of a deployment: the one written if it is known, or the only one.
func (b *binder) version(d DeployRef) string {
	if b.scope.Versions == nil {
		return d.Version
	}
	known := slices.Clone(b.scope.Versions[d.App])
	slices.Sort(known)
	if len(known) == 0 {
		apps := make([]string, 0, len(b.scope.Versions))
		for app, versions := range b.scope.Versions {
			if len(versions) > 0 {
				apps = append(apps, app)
			}
		}
		slices.Sort(apps)
		hint := didYouMean(d.App, apps, func(a string) string { return a })
		switch {
		case hint != "":
		case len(apps) == 0:
			hint = "there are no deployments"
		default:
			hint = "known: " + listed("", apps)
		}
		b.fail(d.At, unknownDeployment, "unknown app "+d.App, hint)
		return d.Version
	}
	switch {
	case d.Version == "" && len(known) == 1:
		return known[0]
	case d.Version == "":
		b.fail(d.At, unknownDeployment, fmt.Sprintf("%s has %d versions", d.App, len(known)), "write one of "+listed(d.App+"@", known))
	case !slices.Contains(known, d.Version):
		hint := didYouMean(d.Version, known, func(v string) string { return d.App + "@" + v })
		if hint == "" {
			hint = "known: " + listed(d.App+"@", known)
		}
		b.fail(d.At, unknownDeployment, fmt.Sprintf("%s has no version %s", d.App, d.Version), hint)
	}
	return d.Version
}

// listed shows up to six words, each behind a prefix.
func listed(prefix string, words []string) string {
	const most = 6
	shown := make([]string, 0, most)
	for _, w := range words[:min(len(words), most)] {
		shown = append(shown, prefix+w)
	}
	if n := len(words) - most; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), n)
	}
	return strings.Join(shown, ", ")
}
