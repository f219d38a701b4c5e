package selectors

import (
	"fmt"
	"unicode/utf8"
)

// Limits that keep a hostile text from exhausting the stack of whoever walks its tree.
const (
	maxDepth     = 200
	maxOperators = 100_000
)

// Parse reads one expression. It looks nothing up: names, sorts and types are Bind's.
// The error is an Errors.
//
// Law: Same(Parse(Print(x)), x).
func Parse(text string) (Expr, error) { return parse(lexer{text: text}, (*parser).expression) }

// parse reads a whole text as what read reads.
func parse[T any](lex lexer, read func(*parser) T) (x T, err error) {
	var none T
	for i, r := range lex.text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(lex.text[i:]); size == 1 {
				return none, Errors{{Code: badText, At: Span{i, i + 1}, Message: "the text is not valid UTF-8"}}
			}
		}
	}
	p := &parser{lex: lex}
	p.next()
	if p.tok.kind == endToken {
		return none, Errors{{Code: emptyText, At: p.tok.at, Message: "empty text is no expression", Hint: "write true, false, all or none", Incomplete: true}}
	}
	x = read(p)
	if p.tok.kind != endToken {
		p.failLeftover()
	}
	if err := errorOrNil(p.errors); err != nil {
		return none, err
	}
	return x, nil
}

// parser reads top down with one token of lookahead. A method that cannot read its part
// records why, skips to where an operator or a closing bracket can follow, and returns nil;
// nil operands give a nil tree, so that reading goes on and several errors come out at once.
type parser struct {
	lex       lexer
	tok       token
	end       int // where the last consumed token ended
	depth     int
	operators int
	errors    []*Error
	stopped   bool
}

func (p *parser) next() {
	p.end = p.tok.at.End
	p.tok = p.lex.next()
}

func (p *parser) accept(sign string) bool {
	if !p.tok.is(sign) {
		return false
	}
	p.next()
	return true
}

// expect consumes the sign or records that it is missing after what.
func (p *parser) expect(sign, what string) bool {
	if p.accept(sign) {
		return true
	}
	p.failToken(fmt.Sprintf("expected %s %s", sign, what), "")
	return false
}

// fail records an error, unless one was already recorded there: what follows from an
// error is no news. After the last error that is reported it stops reading.
func (p *parser) fail(e *Error) {
	n := len(p.errors)
	if p.stopped || n > 0 && p.errors[n-1].At.Start >= e.At.Start {
		return
	}
	if p.errors = append(p.errors, e); len(p.errors) == maxErrors {
		p.stop()
	}
}

// stop leaves the rest of the text unread: what its end then lacks is no error.
func (p *parser) stop() {
	p.stopped = true
	p.lex.pos = len(p.lex.text)
	p.next()
}

// failToken records that the present token cannot stand where it does.
func (p *parser) failToken(message, hint string) {
	e := &Error{Code: unexpected, At: p.tok.at, Message: message, Hint: hint}
	switch p.tok.kind {
	case endToken:
		e.Code, e.Message, e.Incomplete = unfinished, message+" before the end", true
	case badToken:
		e.Code, e.Message, e.Hint, e.Incomplete = badText, p.tok.text, "", p.tok.open
	case wordToken, stringToken, nameToken, signToken:
		e.Message = message + ", found " + p.lex.text[p.tok.at.Start:p.tok.at.End]
	}
	p.fail(e)
}

// skip leaves the present token where an operand could end: before an operator of the
// same level, a closing bracket or the end.
func (p *parser) skip() {
	open := 0
	for ; p.tok.kind != endToken; p.next() {
		switch {
		case p.tok.is("(") || p.tok.is("[") || p.tok.is("{"):
			open++
		case p.tok.is(")") || p.tok.is("]") || p.tok.is("}"):
			if open == 0 {
				return
			}
			open--
		case open == 0 && p.operator() != 0, open == 0 && p.tok.is("->"):
			return
		}
	}
}

// skipPast leaves the present token behind the bracket that closes the innermost open one.
func (p *parser) skipPast(closing string) {
	for p.skip(); p.tok.kind != endToken && !p.tok.is(")") && !p.tok.is("]") && !p.tok.is("}"); p.skip() {
		p.next() // an operator, or an arrow
	}
	p.accept(closing)
}

// deeper guards one more level of nesting.
func (p *parser) deeper() bool {
	p.depth++
	if p.depth <= maxDepth {
		return true
	}
	p.fail(&Error{Code: tooLarge, At: p.tok.at, Message: fmt.Sprintf("more than %d levels of nesting", maxDepth), Hint: "name a part of it and write @name"})
	p.stop()
	return false
}

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

// isPattern reports whether the operator's constant is a regular expression.
func (o CompareOp) isPattern() bool { return o == Matches || o == NotMatches }

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

// failLeftover records what follows a whole expression.
func (p *parser) failLeftover() {
	switch {
	case p.tok.is("->"):
		p.fail(&Error{Code: badRule, At: p.tok.at, Message: "a second -> in one expression", Hint: "put each rule in parentheses and join them with |"})
	case p.tok.is(")") || p.tok.is("]") || p.tok.is("}"):
		p.failToken("nothing is open here", "")
	default:
		p.failToken("expected an operator", "join expressions with | & - or ^")
	}
}
