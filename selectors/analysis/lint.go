package analysis

import "github.com/musterfleet/muster/selectors"

// Remark is a part of an expression that does nothing, and why.
type Remark struct {
	Part selectors.Expr
	Why  Fault
}

// Fault is why a part does nothing.
type Fault uint8

// The faults.
const (
	NeverTrue  Fault = iota + 1 // no device is as it says
	AlwaysTrue                  // every device is
	Implied                     // the other operands of & say it already
	Shadowed                    // the other operands of | admit all that it does
)

// String is the fault in words.
func (f Fault) String() string {
	switch f {
	case NeverTrue:
		return "is true of no device"
	case AlwaysTrue:
		return "is true of every device"
	case Implied:
		return "adds nothing: the rest of the & says it already"
	case Shadowed:
		return "adds nothing: the rest of the | admits all that it does"
	}
	panic("analysis: unknown fault")
}

// Lint lists the parts of an expression that do nothing, in the order they are written: the
// largest ones, and of two that say the same the second.
func Lint(o Options, b *selectors.Bound) ([]Remark, error) {
	a, err := dissect(o, b)
	if err != nil {
		return nil, err
	}
	var out []Remark
	err = a.lint(b.Expr(), &out)
	return out, err
}

func (a *anatomy) lint(x selectors.Expr, out *[]Remark) error {
	if isPlain(x) {
		return nil // it says so itself
	}
	set := a.set(x)
	if empty, err := set.IsEmpty(); err != nil || empty {
		*out = append(*out, Remark{x, NeverTrue})
		return err
	}
	if all, err := a.space.All().Within(set); err != nil || all {
		*out = append(*out, Remark{x, AlwaysTrue})
		return err
	}
	if b, ok := x.(selectors.Binary); ok && (b.Op == selectors.And || b.Op == selectors.Or) {
		return a.lintChain(b, out)
	}
	if _, ok := x.(selectors.Quant); ok {
		return nil // its parts are about deployments
	}
	for _, child := range selectors.Children(x) {
		if err := a.lint(child, out); err != nil {
			return err
		}
	}
	return nil
}

// isPlain reports whether x is all, none, true or false.
func isPlain(x selectors.Expr) bool {
	_, constant := x.(selectors.Const)
	_, universe := x.(selectors.Universe)
	return constant || universe
}

// lintChain tells which operands of a chain can be spared, from the last to the first, so that
// the first of two equal ones stays.
func (a *anatomy) lintChain(x selectors.Binary, out *[]Remark) error {
	parts := chain(x.Op, x)
	spared := make([]bool, len(parts))
	for i := len(parts) - 1; i >= 0; i-- {
		rest := a.constant(x.Op == selectors.And)
		for j, p := range parts {
			switch {
			case j == i || spared[j]:
			case x.Op == selectors.And:
				rest = rest.And(a.set(p))
			default:
				rest = rest.Or(a.set(p))
			}
		}
		in, err := a.set(parts[i]).Within(rest)
		if x.Op == selectors.And {
			in, err = rest.Within(a.set(parts[i]))
		}
		if err != nil {
			return err
		}
		spared[i] = in
	}
	for i, p := range parts {
		fault := Implied
		if x.Op == selectors.Or {
			fault = Shadowed
		}
		if !spared[i] {
			if err := a.lint(p, out); err != nil {
				return err
			}
			continue
		}
		if never, err := a.set(p).IsEmpty(); err != nil {
			return err
		} else if never {
			fault = NeverTrue
		} else if always, err := a.space.All().Within(a.set(p)); err != nil {
			return err
		} else if always {
			fault = AlwaysTrue
		}
		*out = append(*out, Remark{p, fault})
	}
	return nil
}
