package importers

import (
	"fmt"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// Nodeset reads an extended nodeset of ClusterShell: @gpu,@web&@prod!n[1-3]. Its operators are
// union (,), difference (!), intersection (&) and symmetric difference (^), all equal and read
// from left to right; it has no parentheses.
//
// Without groups @gpu is @gpu, @src:gpu is @src.gpu, @* is all, and n*serv? asks for the name.
// With groups each of these is the nodes it has in them, and an unknown group is refused,
// where ClusterShell takes it for empty.
func Nodeset(source string, groups *Groups) (selectors.Expr, error) {
	if err := readable(source); err != nil {
		return nil, err
	}
	r := nodesets{groups: groups}
	t, err := r.read(source, "")
	if err != nil {
		return nil, err
	}
	return sayable(source, t)
}

// nodesets reads a nodeset and, inside it, the groups it names.
type nodesets struct {
	groups  *Groups
	within  []string // the groups being read, the outermost first
	expands int      // how many names were made so far
	reads   int      // how many groups were looked up so far
}

// read folds the operands of a nodeset from the left. Group names without a source are of the
// given one; empty for the standard.
func (r *nodesets) read(s, source string) (term, error) {
	out := fleet(selectors.Nodes{})
	if strings.TrimSpace(s) == "" {
		return out, nil
	}
	op := byte(',')
	for at := 0; ; {
		end, err := operandEnd(s, at)
		if err != nil {
			return term{}, err
		}
		t, err := r.operand(s, at, end, source)
		if err != nil {
			return term{}, err
		}
		out = r.apply(op, out, t)
		if end == len(s) {
			return out, nil
		}
		op, at = s[end], end+1
	}
}

// operandEnd is where the operand that starts at i ends: at an operator outside brackets.
func operandEnd(s string, i int) (int, error) {
	for i < len(s) {
		switch s[i] {
		case ',', '!', '&', '^':
			return i, nil
		case ']':
			return 0, refuse(i, i+1, "] without its [", "")
		case '[':
			length := strings.IndexByte(s[i:], ']')
			if length < 0 {
				return 0, refuse(i, i+1, "[ without its ]", "")
			}
			i += length
		}
		i++
	}
	return i, nil
}

// apply joins what stands on the left of an operator with what stands on its right. Lists of
// nodes become one list under a union, and inside a group under any operator.
func (r *nodesets) apply(op byte, l, right term) term {
	a, isNodes := l.x.(selectors.Nodes)
	b, areNodes := right.x.(selectors.Nodes)
	switch {
	case isNodes && areNodes && (op == ',' || len(r.within) > 0):
		return fleet(selectors.Nodes{Names: joinNames(op, a.Names, b.Names)})
	case l.nothing() && (op == ',' || op == '^'):
		return right
	case right.nothing() && op != '&':
		return l
	}
	switch op {
	case '!':
		return difference(l, right)
	case '&':
		return intersection(l, right)
	case '^':
		return symmetric(l, right)
	}
	return union(l, right)
}

// joinNames is an operation on sets of names, in the order of their first mention.
func joinNames(op byte, a, b []string) []string {
	inA, inB := setOf(a), setOf(b)
	var out []string
	for _, n := range a {
		if op == ',' || inB[n] == (op == '&') {
			out = append(out, n)
		}
	}
	for _, n := range b {
		if (op == ',' || op == '^') && !inA[n] {
			out = append(out, n)
		}
	}
	return out
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[n] = true
	}
	return set
}

// operand reads one node, folded nodes, a wildcard or a group.
func (r *nodesets) operand(s string, from, to int, source string) (term, error) {
	for from < to && isBlank(s[from]) {
		from++
	}
	for from < to && isBlank(s[to-1]) {
		to--
	}
	if from == to {
		return term{}, refuse(from, min(to+1, len(s)), "an operator without a nodeset beside it", "")
	}
	names, err := r.expand(s, from, to)
	if err != nil {
		return term{}, err
	}
	at := selectors.Span{Start: from, End: to}
	switch {
	case s[from] == '@':
		list := make([]term, 0, len(names))
		for _, n := range names {
			t, err := r.group(at, n[1:], source)
			if err != nil {
				return term{}, err
			}
			list = append(list, t)
		}
		return chain(list, func(a, b term) term { return r.apply(',', a, b) }), nil
	case strings.ContainsAny(s[from:to], "*?"):
		return r.wildcards(at, names, source)
	}
	for _, n := range names {
		if i := strings.IndexFunc(n, notNode); i >= 0 {
			return term{}, refuse(from, to, fmt.Sprintf("%q cannot stand in the name of a device", []rune(n[i:])[0]),
				"a name has letters, digits and - . _ only; nodesets have no parentheses")
		}
	}
	return fleet(selectors.Nodes{Names: names}), nil
}

func isBlank(c byte) bool { return strings.IndexByte(" \t\r\n\v\f", c) >= 0 }

func notNode(r rune) bool { return !strings.ContainsRune(alphanumeric+"-._", r) }

// wildcards are the nodes that one of the masks fits.
func (r *nodesets) wildcards(at selectors.Span, masks []string, source string) (term, error) {
	var list []term
	for _, m := range masks {
		x, why := shell(nameKey, m)
		if why != "" {
			return term{}, refuse(at.Start, at.End, why, "")
		}
		list = append(list, selector(x))
	}
	t := chain(list, union)
	if r.groups == nil {
		return fleet(t.asFleet()), nil
	}
	all, err := r.all(at, source)
	if err != nil {
		return term{}, err
	}
	nodes, ok := all.x.(selectors.Nodes)
	bound, err := selectors.Bind(t.x, selectors.Scope{})
	if !ok || err != nil {
		return term{}, refuse(at.Start, at.End, "the nodes of the groups file are not all listed", "")
	}
	var fit []string
	for _, n := range nodes.Names {
		if bound.Matches(named(n)) {
			fit = append(fit, n)
		}
	}
	return fleet(selectors.Nodes{Names: fit}), nil
}

// named is a device of which only the name is known.
type named string

// Value gives the name.
func (n named) Value(k selectors.Key) (string, bool) {
	return string(n), !k.Label && (k.Name == "name" || k.Name == "id")
}

// group is what @name stands for.
func (r *nodesets) group(at selectors.Span, name, source string) (term, error) {
	if of, rest, ok := strings.Cut(name, ":"); ok {
		source, name = of, rest
	}
	switch {
	case strings.HasPrefix(name, "@"):
		return term{}, refuse(at.Start, at.End, "@@ lists the names of groups, not nodes", "")
	case r.groups != nil && name == "*":
		return r.all(at, source)
	case r.groups != nil:
		return r.members(at, name, source)
	case name == "*" && source == "":
		return fleet(selectors.Universe{}), nil
	case name == "*":
		return term{}, refuse(at.Start, at.End, "which nodes a source has, only its groups say", "give them with --groups FILE")
	}
	full := name
	if source != "" {
		full = source + "." + name
	}
	x, err := selectors.Parse("@" + full)
	if n, ok := x.(selectors.Name); err == nil && ok && n.Name == full {
		return fleet(selectors.Name{Name: full}), nil
	}
	return term{}, refuse(at.Start, at.End, fmt.Sprintf("the group %q cannot be a name here", full), "a name starts with a letter and has letters, digits and _ - . / only; or give --groups FILE")
}
