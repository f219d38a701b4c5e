package selectors

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ParseKey reads a key that devices are grouped by, such as site or label("site"). An error
// is Errors, placed in the text.
func ParseKey(text string) (Key, error) {
	return parse(lexer{text: text}, func(p *parser) Key {
		k, _ := p.groupKey()
		return k
	})
}

// ParseAmount reads 3 or 10%, as Amount.String writes them.
func ParseAmount(text string) (a Amount, err error) {
	if a.Share, a.Shared = ParsePercent(text); a.Shared {
		return a, nil
	}
	if a.Count, err = strconv.Atoi(text); err != nil || a.Count < 0 {
		return Amount{}, fmt.Errorf("%q is no number and no share of the devices", text)
	}
	return a, nil
}

// functions are the words that take an argument in parentheses.
var functions = []string{"has", "label", "num", "ver", "ip", "any", "every", "sample", "take"}

// keyFunctions are those of them that make a key.
var keyFunctions = []string{"label", "num", "ver", "ip"}

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
