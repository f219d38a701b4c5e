package selectors

import "fmt"

// expression = binary [ "->" deployments ].
func (p *parser) expression() Expr {
	start := p.tok.at.Start
	x, _ := p.binary(1)
	if !p.tok.is("->") {
		return x
	}
	p.next()
	return p.rule(start, x)
}

// binary reads operands joined by operators that bind at least as tightly as least. With
// the tree it returns the operator at its top that no parentheses enclose, or zero.
func (p *parser) binary(least int) (Expr, BinaryOp) {
	start := p.tok.at.Start
	left, top := p.unary(), BinaryOp(0)
	for {
		op, at := p.operator(), p.tok.at
		if op == 0 || power(op) < least {
			return left, top
		}
		if p.operators++; p.operators > maxOperators {
			p.fail(&Error{Code: tooLarge, At: at, Message: fmt.Sprintf("more than %d operators in one expression", maxOperators), Hint: "name a part of it and write @name"})
			p.stop()
			return nil, top
		}
		p.next()
		right, inner := p.binary(power(op) + 1)
		whole := Binary{At: Span{start, p.end}, Op: op, OpAt: at, L: left, R: right}
		switch {
		case left == nil || right == nil:
			left = nil
		case clash(top, op):
			p.fail(mixed(whole, left.(Binary), true))
			left = whole
		case clash(inner, op):
			p.fail(mixed(whole, right.(Binary), false))
			left = whole
		default:
			left = whole
		}
		top = op
	}
}

// operator is the binary operator at the present token, or zero.
func (p *parser) operator() BinaryOp {
	switch p.tok.kind {
	case signToken:
		switch p.tok.text {
		case "|", "||":
			return Or
		case "&", "&&":
			return And
		case "-":
			return Minus
		case "^":
			return Xor
		}
	case wordToken:
		switch p.tok.text {
		case "or":
			return Or
		case "and":
			return And
		}
	case endToken, stringToken, nameToken, badToken:
	}
	return 0
}

// power is how tightly an operator binds.
func power(op BinaryOp) int {
	if op == And {
		return 2
	}
	return 1
}

// clash reports whether an operator cannot stand beside another without parentheses:
// - and ^ mix with nothing, as no two languages agree on what that would mean.
func clash(inner, outer BinaryOp) bool {
	loner := func(op BinaryOp) bool { return op == Minus || op == Xor }
	return inner != 0 && inner != outer && (loner(inner) || loner(outer))
}

// mixed is the error of whole, whose operand inner (the left one or the right one) lacks
// parentheses. It offers both readings.
func mixed(whole, inner Binary, left bool) *Error {
	first, second := whole, whole
	ops := [2]BinaryOp{whole.Op, inner.Op}
	at := inner.OpAt
	if left {
		second = Binary{Op: inner.Op, L: inner.L, R: Binary{Op: whole.Op, L: inner.R, R: whole.R}}
		ops[0], ops[1] = inner.Op, whole.Op
		at = whole.OpAt
	} else {
		first = Binary{Op: inner.Op, L: Binary{Op: whole.Op, L: whole.L, R: inner.L}, R: inner.R}
	}
	return &Error{
		Code:    mixedOperators,
		At:      at,
		Message: fmt.Sprintf("mixing %c and %c needs parentheses", ops[0], ops[1]),
		Hint:    "write " + brief(first) + " or " + brief(second),
	}
}

// unary = "!" unary | postfix.
func (p *parser) unary() Expr {
	if !p.tok.is("!") && !p.tok.word("not") {
		return p.postfix()
	}
	start := p.tok.at.Start
	p.next()
	if !p.deeper() {
		return nil
	}
	operand := p.tok
	x := p.unary()
	p.depth--
	if x == nil {
		return nil
	}
	not := Not{At: Span{start, p.end}, X: x}
	if isComparison(x) && !operand.is("(") {
		hint := "write " + brief(not)
		if twin := complement(x); isComparison(twin) {
			hint += " or " + brief(twin)
		}
		p.fail(&Error{
			Code:    notComparison,
			At:      Span{operand.at.Start, p.end},
			Message: "! applies to a whole predicate, not to a comparison",
			Hint:    hint,
		})
	}
	return not
}

// isComparison reports whether ! before x could be read as negating its key.
func isComparison(x Expr) bool {
	switch x.(type) {
	case Compare, In, Glob, Contains, Within:
		return true
	case Const, Has, Quant, Sample, Not, Binary, Name, Universe, Nodes, Filter, Take, Rule:
	}
	return false
}

// complement is the negative twin of a comparison, if it has one; else its negation.
func complement(x Expr) Expr {
	switch x := x.(type) {
	case In:
		x.Negated = !x.Negated
		return x
	case Glob:
		x.Negated = !x.Negated
		return x
	case Contains:
		x.Negated = !x.Negated
		return x
	case Compare:
		if twin := x.Op.complement(); twin != 0 {
			x.Op = twin
			return x
		}
	case Const, Has, Within, Quant, Sample, Not, Binary, Name, Universe, Nodes, Filter, Take, Rule:
	}
	return Not{X: x}
}

// complement is the operator that holds exactly where o does not, if there is one.
func (o CompareOp) complement() CompareOp {
	switch o {
	case Equal:
		return NotEqual
	case NotEqual:
		return Equal
	case Matches:
		return NotMatches
	case NotMatches:
		return Matches
	case Less, LessEqual, Greater, GreaterEqual: // false on what is absent, all of them
	}
	return 0
}

// postfix = primary { "[" binary "]" }.
func (p *parser) postfix() Expr {
	start := p.tok.at.Start
	x := p.primary()
	for filters := 0; p.tok.is("["); filters++ {
		if filters > maxDepth {
			p.fail(&Error{Code: tooLarge, At: p.tok.at, Message: fmt.Sprintf("more than %d filters in a row", maxDepth), Hint: "join them with &"})
			p.stop()
			return nil
		}
		p.next()
		if !p.deeper() {
			return nil
		}
		by, _ := p.binary(1)
		p.depth--
		if !p.expect("]", "after the filter") {
			p.skipPast("]")
			return nil
		}
		if x == nil || by == nil {
			x = nil
			continue
		}
		x = Filter{At: Span{start, p.end}, X: x, By: by}
	}
	return x
}
