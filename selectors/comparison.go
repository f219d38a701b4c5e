package selectors

import (
	"fmt"
	"strings"
)

// comparisons are the words that may follow a key.
var comparisons = []string{"in", "not", "glob", "contains", "within"}

// comparison = key ( cmp value | [ "not" ] ( "in" values | "glob" value | "contains" value ) |
// "within" value ).
func (p *parser) comparison() Expr {
	start := p.tok.at.Start
	k, ok := p.key()
	if !ok {
		p.skip()
		return nil
	}
	x := p.comparisonOf(start, k)
	if x == nil {
		p.skip()
	}
	return x
}

func (p *parser) comparisonOf(start int, k Key) Expr {
	if p.tok.kind == signToken {
		if op := compareOp(p.tok.text); op != 0 {
			p.next()
			v, ok := p.value()
			if !ok {
				return nil
			}
			if op.isPattern() {
				v.Quoted = true
			} else {
				v = settle(k, v)
			}
			return Compare{At: Span{start, p.end}, Key: k, Op: op, Value: v}
		}
	}
	negated := p.tok.word("not")
	if negated {
		p.next()
	}
	switch word := p.tok; {
	case word.word("in"):
		p.next()
		values, ok := p.values()
		if !ok {
			return nil
		}
		return In{At: Span{start, p.end}, Key: k, Values: settleAll(k, values), Negated: negated}
	case word.word("glob"), word.word("contains"):
		p.next()
		v, ok := p.value()
		if !ok {
			return nil
		}
		v.Quoted = true
		at := Span{start, p.end}
		if word.text == "glob" {
			return Glob{At: at, Key: k, Pattern: v, Negated: negated}
		}
		return Contains{At: at, Key: k, Element: v, Negated: negated}
	case word.word("within") && !negated:
		p.next()
		v, ok := p.value()
		if !ok {
			return nil
		}
		return Within{At: Span{start, p.end}, Key: k, Length: v}
	case word.word("within"):
		p.failToken("not cannot stand before within", "write !("+keyText(k)+" within …)")
	case negated:
		p.failToken("expected in, glob or contains after not", "")
	default:
		p.failKeyAlone(k)
	}
	return nil
}

// failKeyAlone records that a key stands without an operator, and what was likely meant.
func (p *parser) failKeyAlone(k Key) {
	key := keyText(k)
	if k.Label || k.Cast != NoCast {
		p.failToken("expected a comparison after "+key, "write has("+key+") to ask whether it is there")
		return
	}
	hint := fmt.Sprintf("write @%s for a name, {%s} for a device, or a comparison such as arch = aarch64", k.Name, k.Name)
	switch near, ok := Nearest(p.tok.text, comparisons); {
	case p.tok.kind == wordToken && ok:
		hint = "did you mean " + near + "?"
	case p.tok.is("["):
		hint = "devices are written in braces: {" + k.Name + "[…]}"
	case p.tok.kind == wordToken && p.operator() == 0:
		hint = "an attribute is followed by = != < <= > >= =~ !~ in, glob, contains or within"
	case isAttribute(k.Name), isElement(k.Name):
		hint = "write for example has(" + k.Name + ")"
	}
	p.failToken("expected a comparison after "+key, hint)
}

func compareOp(sign string) CompareOp {
	switch sign {
	case "=", "==":
		return Equal
	case "!=":
		return NotEqual
	case "<":
		return Less
	case "<=":
		return LessEqual
	case ">":
		return Greater
	case ">=":
		return GreaterEqual
	case "=~":
		return Matches
	case "!~":
		return NotMatches
	}
	return 0
}

// isPattern reports whether the operator's constant is a regular expression.
func (o CompareOp) isPattern() bool { return o == Matches || o == NotMatches }

// value = STRING | WORD | "-" NUMBER, the hyphen directly before its digits.
func (p *parser) value() (Value, bool) {
	t := p.tok
	switch {
	case t.kind == stringToken || t.kind == wordToken:
		p.next()
		return Value{At: t.at, Text: t.text, Quoted: t.kind == stringToken}, true
	case t.is("-"):
		p.next()
		if n := p.tok; n.kind == wordToken && n.at.Start == t.at.End && isDigit(n.text[0]) {
			p.next()
			return Value{At: Span{t.at.Start, n.at.End}, Text: "-" + n.text}, true
		}
	}
	hint := ""
	if t.kind == nameToken {
		hint = "a name stands for devices, never for a value"
	}
	p.failToken("expected a value", hint)
	return Value{}, false
}

// values = "(" value { "," value } ")" | CIDR.
func (p *parser) values() ([]Value, bool) {
	if t := p.tok; t.kind == wordToken && strings.Contains(t.text, "/") {
		p.next()
		return []Value{{At: t.at, Text: t.text}}, true
	}
	if t := p.tok; !p.tok.is("(") {
		hint := `list the values: in ("a", "b")`
		if t.kind == stringToken && strings.Contains(t.text, "/") {
			hint = "write in " + t.text + " without quotes"
		} else if t.kind == wordToken || t.kind == stringToken {
			hint = "write in (" + p.lex.text[t.at.Start:t.at.End] + ")"
		}
		p.failToken("expected ( after in", hint)
		return nil, false
	}
	p.next()
	var list []Value
	for {
		v, ok := p.value()
		if !ok {
			p.skipPast(")")
			return nil, false
		}
		list = append(list, v)
		if p.accept(",") {
			continue
		}
		if p.expect(")", "or , after the value") {
			return list, true
		}
		p.skipPast(")")
		return nil, false
	}
}
