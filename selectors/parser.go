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
