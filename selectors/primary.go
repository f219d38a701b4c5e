package selectors

import (
	"fmt"
	"strings"
)

// primary = "(" expression ")" | constant | "@" name | "{" nodes "}" | has | quantifier |
// sample | take | comparison.
func (p *parser) primary() Expr {
	t := p.tok
	switch {
	case t.is("("):
		return p.parenthesized()
	case t.is("{"):
		return p.nodes()
	case t.kind == nameToken:
		p.next()
		if !isName(t.text) {
			p.fail(&Error{Code: badName, At: t.at, Message: fmt.Sprintf("@%s is no name", t.text), Hint: nameHint(t.text)})
			p.skip()
			return nil
		}
		return Name{At: t.at, Name: t.text}
	case t.word("true"), t.word("false"):
		p.next()
		return Const{At: t.at, Value: t.text == "true"}
	case t.word("all"), t.word("none"):
		p.next()
		return Universe{At: t.at, Empty: t.text == "none"}
	case t.word("has"):
		return p.has()
	case t.word("any"), t.word("every"):
		return p.quantifier()
	case t.word("sample"):
		return p.sample()
	case t.word("take"):
		return p.take()
	case t.kind == wordToken && p.operator() == 0:
		return p.comparison()
	}
	if t.kind == signToken && p.operator() == 0 && !t.is(")") && !t.is("]") && !t.is("}") && !t.is("->") {
		p.failToken("expected an expression", "")
		p.next()
	} else {
		p.failToken("expected an expression", "")
		if t.kind == badToken || t.kind == stringToken {
			p.next()
		}
	}
	p.skip()
	return nil
}

func (p *parser) parenthesized() Expr {
	p.next()
	if !p.deeper() {
		return nil
	}
	x := p.expression()
	p.depth--
	if !p.expect(")", "to close the parenthesis") {
		p.skipPast(")")
		return nil
	}
	return x
}

// nodes reads {edge[001-100], gw7}; the text between the braces is ExpandNodes' own.
func (p *parser) nodes() Expr {
	start, from := p.tok.at.Start, p.tok.at.End
	length := strings.IndexByte(p.lex.text[from:], '}')
	if length < 0 {
		p.lex.pos = len(p.lex.text)
		p.next()
		p.fail(&Error{Code: unfinished, At: p.tok.at, Message: "expected } after the nodes before the end", Incomplete: true})
		return nil
	}
	p.lex.pos = from + length + 1
	p.tok.at.End = p.lex.pos
	p.next()
	names, err := expand(p.lex.text[from : from+length])
	if err != nil {
		err.At.Start += from
		err.At.End += from
		p.fail(err)
		return nil
	}
	return Nodes{At: Span{start, p.end}, Names: names}
}

// has = "has" "(" key ")".
func (p *parser) has() Expr {
	start := p.tok.at.Start
	p.next()
	if !p.expect("(", "after has") {
		p.skip()
		return nil
	}
	k, ok := p.key()
	if ok && p.expect(")", "after the key") {
		return Has{At: Span{start, p.end}, Key: k}
	}
	p.skipPast(")")
	return nil
}

// isName reports whether s can follow @.
func isName(s string) bool {
	if s == "" || !isLetter(s[0]) || s[len(s)-1] == '-' {
		return false
	}
	return !strings.ContainsAny(s, "+%")
}

func nameHint(s string) string {
	if short := strings.TrimRight(s, "-"); short != s && isName(short) {
		return "a hyphen belongs to the word before it; put a space before it for a difference: @" + short + " - …"
	}
	return "a name starts with a letter and has letters, digits and _ - . / only"
}
