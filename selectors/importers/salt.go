package importers

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// Salt reads a compound target: G@role:web and not ( E@old or S@10.0.0.0/8 ). Grains (G P) and
// pillar (I J) are the labels of the same name, compared without regard to case as Salt does;
// the grain id and a word without @ are the name; N@group is @group.
//
// Salt takes a parenthesis for one only where spaces stand around it. One glued to a word is
// part of that word, which then matches nothing: that is refused, as nobody means it.
func Salt(source string) (selectors.Expr, error) {
	if err := readable(source); err != nil {
		return nil, err
	}
	p := compound{words: words(source), end: len(source), keys: map[string]string{}}
	t, err := p.or()
	if err == nil && p.at < len(p.words) {
		err = p.fail("an operator is missing before " + p.words[p.at].text)
	}
	if err != nil {
		return nil, err
	}
	return sayable(source, t)
}

// words cuts a text at its blanks.
func words(s string) []token {
	var list []token
	for i := 0; i < len(s); {
		length := strings.IndexAny(s[i:], " \t\r\n\v\f")
		if length < 0 {
			length = len(s) - i
		}
		if length > 0 {
			list = append(list, token{word, s[i : i+length], i, i + length})
		}
		i += length + 1
	}
	return list
}

// compound reads Salt's words by Python's precedence: not, then and, then or.
type compound struct {
	words []token
	at    int
	end   int
	depth int
	keys  map[string]string // who asks for a label: grains or pillar
}

func (p *compound) is(w string) bool { return p.at < len(p.words) && p.words[p.at].text == w }

func (p *compound) accept(w string) bool {
	if p.is(w) {
		p.at++
		return true
	}
	return false
}

// fail refuses the present word, or the end.
func (p *compound) fail(message string) error {
	const hint = "Salt would log an error and match no minion"
	if p.at < len(p.words) {
		return refuse(p.words[p.at].start, p.words[p.at].end, message, hint)
	}
	return refuse(p.end, p.end, message, hint)
}

func (p *compound) or() (term, error) {
	t, err := p.and()
	for err == nil && p.accept("or") {
		var r term
		if r, err = p.and(); err == nil {
			t = union(t, r)
		}
	}
	return t, err
}

// and also joins a not that follows a term without an operator, as Salt does.
func (p *compound) and() (term, error) {
	t, err := p.not()
	for err == nil && (p.is("not") || p.accept("and")) {
		var r term
		if r, err = p.not(); err == nil {
			t = intersection(t, r)
		}
	}
	return t, err
}

func (p *compound) not() (term, error) {
	if !p.accept("not") {
		return p.primary()
	}
	if p.is("not") {
		return term{}, p.fail("not after not")
	}
	t, err := p.primary()
	return complement(t), err
}

func (p *compound) primary() (term, error) {
	switch {
	case p.at == len(p.words):
		return term{}, p.fail("a target is missing at the end")
	case p.is("and"), p.is("or"), p.is(")"):
		return term{}, p.fail("a target is missing before " + p.words[p.at].text)
	case p.accept("("):
		if p.depth++; p.depth > 100 {
			return term{}, p.fail("more than 100 levels of parentheses")
		}
		t, err := p.or()
		p.depth--
		if err == nil && !p.accept(")") {
			err = p.fail("a ( is not closed by a word )")
		}
		return t, err
	}
	t, err := p.target(p.words[p.at])
	p.at++
	return t, err
}

// target reads one word: an engine, @ and a pattern; or a pattern for the name.
func (p *compound) target(w token) (term, error) {
	if w.text[0] == '(' || strings.HasSuffix(w.text, ")") && strings.Count(w.text, "(") < strings.Count(w.text, ")") {
		return term{}, refuse(w.start, w.end, "a parenthesis without spaces around it is part of the word for Salt, which matches nothing so",
			"write spaces: ( "+strings.Trim(w.text, "()")+" )")
	}
	engine, delimiter, pattern, ok := cutEngine(w.text)
	say := func(x selectors.Expr, why string) (term, error) {
		if why != "" {
			return term{}, refuse(w.end-len(pattern), w.end, why, "")
		}
		return selector(x), nil
	}
	if !ok {
		if strings.IndexByte(w.text, '@') == 1 {
			return term{}, refuse(w.start, w.end, "Salt has no target "+w.text[:2], "known: G P I J L N S E")
		}
		pattern = w.text
		return say(shell(nameKey, pattern))
	}
	switch engine {
	case 'G', 'P', 'I', 'J':
		return p.data(w, engine, delimiter, pattern)
	case 'E':
		whole, why := pythonMatch(pattern, false)
		return say(matches(nameKey, whole), why)
	case 'L':
		list := strings.Split(pattern, ",")
		slices.Sort(list)
		return say(anyOf(nameKey, slices.Compact(list)), "")
	case 'S':
		return say(subnet(pattern))
	case 'N':
		if x, err := selectors.Parse("@" + pattern); err == nil {
			return fleet(x), nil
		}
		return say(nil, fmt.Sprintf("the nodegroup %s cannot be a name here: one has letters, digits and - _ . only", pattern))
	}
	return say(nil, "a range of R@ is answered by a server, not by the text")
}

// cutEngine cuts G@os:Debian or G|@os|Debian apart.
func cutEngine(w string) (engine, delimiter byte, pattern string, ok bool) {
	if w == "" || strings.IndexByte("GPIJLNSER", w[0]) < 0 {
		return 0, 0, "", false
	}
	delimiter, rest := ':', w[1:]
	if strings.IndexByte("GPIJ", w[0]) >= 0 && len(rest) > 2 && rest[1] == '@' {
		delimiter, rest = rest[0], rest[1:]
	}
	if len(rest) < 2 || rest[0] != '@' || delimiter > 0x7f {
		return 0, 0, "", false
	}
	return w[0], delimiter, rest[1:], true
}

// data is a grain or a value of the pillar fitting a pattern.
func (p *compound) data(w token, engine, delimiter byte, pattern string) (term, error) {
	key, value, ok := strings.Cut(pattern, string(delimiter))
	if !ok { // no value is named, and Salt finds none
		return selector(selectors.Const{Value: false}), nil
	}
	at := w.end - len(pattern)
	if key == "" || key == "*" {
		return term{}, refuse(at, at+len(key)+1, "Salt looks into all values here", "name the grain")
	}
	kind := "grains"
	if engine == 'I' || engine == 'J' {
		kind = "pillar"
	}
	if by := p.keys[key]; by != "" && by != kind {
		return term{}, refuse(at, at+len(key), fmt.Sprintf("%s is asked of the grains and of the pillar, and is one label here", key), "")
	}
	p.keys[key] = kind
	k := labelKey(key)
	if key == "id" && kind == "grains" {
		k = nameKey
	}
	x, why := selectors.Expr(nil), ""
	if engine == 'P' || engine == 'J' {
		var whole string
		whole, why = pythonMatchFold(value)
		x = matches(k, whole)
	} else {
		x, why = shellFold(k, value)
	}
	if why != "" {
		return term{}, refuse(w.end-len(value), w.end, why, "")
	}
	return selector(x), nil
}

// shellFold is shell without regard to case.
func shellFold(k selectors.Key, pattern string) (selectors.Expr, string) {
	if !hasLetter(pattern) || k == nameKey { // names are in lower case
		return shell(k, strings.ToLower(pattern))
	}
	regular, why := shellRegular(strings.ToLower(pattern))
	return matches(k, "(?i:"+regular+")"), why
}

// subnet is an address, or one in a network.
func subnet(s string) (selectors.Expr, string) {
	k := selectors.Key{Name: "ip"}
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" && !a.Is4In6() {
		return selectors.Compare{Key: k, Op: selectors.Equal, Value: selectors.Value{Text: a.String()}}, ""
	}
	n, err := netip.ParsePrefix(s)
	switch {
	case err != nil || n.Addr().Is4In6():
		return nil, s + " is no address and no network such as 10.0.0.0/8"
	case n != n.Masked():
		return nil, s + " has bits below its mask, which Salt takes for no network; write " + n.Masked().String()
	}
	return selectors.In{Key: k, Values: []selectors.Value{{Text: n.String()}}}, ""
}
