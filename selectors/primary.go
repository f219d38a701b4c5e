package selectors

import (
	"fmt"
	"slices"
	"strings"
)

// functions are the words that take an argument in parentheses.
var functions = []string{"has", "label", "num", "ver", "ip", "any", "every", "sample", "take"}

// keyFunctions are those of them that make a key.
var keyFunctions = []string{"label", "num", "ver", "ip"}

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

// key = WORD | "label" "(" STRING ")" | "label." WORD | ( "num" | "ver" | "ip" ) "(" key ")".
func (p *parser) key() (Key, bool) {
	t := p.tok
	if t.kind != wordToken {
		p.failToken("expected a key", `write an attribute such as arch, or label("…")`)
		return Key{}, false
	}
	p.next()
	if name, ok := strings.CutPrefix(t.text, "label."); ok && name != "" && !p.tok.is("(") {
		return Key{At: t.at, Label: true, Name: name}, true
	}
	if !p.tok.is("(") {
		return Key{At: t.at, Name: t.text}, true
	}
	if !slices.Contains(keyFunctions, t.text) {
		hint := didYouMean(t.text, functions, func(f string) string { return f + "(…)" })
		if hint == "" {
			hint = "known: " + strings.Join(functions, ", ")
		}
		if slices.Contains(functions, t.text) {
			hint = "a key is an attribute, " + strings.Join(keyFunctions, "(…), ") + "(…)"
			p.fail(&Error{Code: badFunction, At: t.at, Message: t.text + "(…) is no key", Hint: hint})
			return Key{}, false
		}
		p.fail(&Error{Code: badFunction, At: t.at, Message: "unknown function " + t.text, Hint: hint})
		return Key{}, false
	}
	p.next()
	if !p.deeper() {
		return Key{}, false
	}
	defer func() { p.depth-- }()
	k, ok := p.argument(t.text)
	if !ok || !p.expect(")", "after the key") {
		p.skipPast(")")
		return Key{}, false
	}
	k.At = Span{t.at.Start, p.end}
	return k, true
}

// argument reads what stands in the parentheses of a key's function.
func (p *parser) argument(function string) (Key, bool) {
	if function == "label" {
		t := p.tok
		if t.kind != stringToken {
			hint := ""
			if t.kind == wordToken {
				hint = `write label("` + t.text + `")`
			}
			p.failToken("expected the label in quotes", hint)
			return Key{}, false
		}
		p.next()
		return Key{Label: true, Name: t.text}, true
	}
	k, ok := p.key()
	if ok && k.Cast != NoCast {
		p.fail(&Error{Code: badCast, At: k.At, Message: "a cast inside a cast", Hint: "write one of num(…), ver(…) and ip(…)"})
		return Key{}, false
	}
	switch function {
	case "num":
		k.Cast = AsNumber
	case "ver":
		k.Cast = AsVersion
	case "ip":
		k.Cast = AsAddress
	}
	return k, ok
}

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
