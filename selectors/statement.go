package selectors

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Statement is what a prompt or a script takes: a definition or a question. Its variants are
// exactly the types of this file.
//
//sumtype:decl
type Statement interface {
	statement() // sealed
}

// Let is let canary = take(@prod, 1): a name for an expression.
type Let struct {
	At     Span
	Name   string
	NameAt Span
	X      Expr
}

// Query asks for an expression, and in which form. Without clauses it is the expression.
type Query struct {
	At   Span
	X    Expr
	By   []Key // one row for each combination of values
	Show []Key // columns
	Sort SortKey
	// Limit is the most rows to give; 0 is all of them.
	Limit int
}

// SortKey is the key to sort by; the zero SortKey leaves the order of names.
type SortKey struct {
	Key  Key
	Desc bool
}

func (Let) statement()   {}
func (Query) statement() {}

// ParseStatement reads let NAME = expr, or an expression with the clauses by, show, sort and
// limit in this order. Like Parse it looks nothing up, and its error is an Errors.
//
// Law: SameStatement(ParseStatement(PrintStatement(s)), s).
func ParseStatement(text string) (Statement, error) {
	return parse(lexer{text: text}, func(p *parser) Statement {
		if p.tok.word("let") {
			return p.let()
		}
		return p.query()
	})
}

// let = "let" NAME "=" expression.
func (p *parser) let() Statement {
	start := p.tok.at.Start
	p.next()
	name := p.tok
	switch {
	case name.kind == nameToken:
		p.fail(&Error{Code: badName, At: name.at, Message: "a name is defined without its @", Hint: "write let " + name.text + " = …"})
		p.next()
	case name.kind != wordToken:
		p.failToken("expected a name after let", "write let canary = take(@prod, 1)")
		return Let{}
	case !isName(name.text):
		p.fail(&Error{Code: badName, At: name.at, Message: name.text + " is no name", Hint: nameHint(name.text)})
		p.next()
	default:
		p.next()
	}
	if !p.tok.is("=") {
		p.failToken("expected = after the name", "write let "+name.text+" = …")
		return Let{}
	}
	p.next()
	x := p.expression()
	return Let{At: Span{start, p.end}, Name: name.text, NameAt: name.at, X: x}
}

// query = expression [ "by" keys ] [ "show" keys ] [ "sort" key [ "desc" ] ] [ "limit" INT ].
func (p *parser) query() Statement {
	q := Query{At: p.tok.at}
	q.X = p.expression()
	ok := true
	for at, clause := 0, ""; ok && p.tok.kind == wordToken; at++ {
		clause = p.tok.text
		found := -1
		for i := at; i < len(clauses); i++ {
			if clauses[i] == clause {
				found = i
			}
		}
		if found < 0 {
			p.failClause(clause)
			break
		}
		at = found
		p.next()
		ok = p.clause(clause, &q)
	}
	q.At.End = p.end
	return q
}

// clauses are the words that may follow the expression of a query, in their order.
var clauses = []string{"by", "show", "sort", "limit"}

func (p *parser) clause(word string, q *Query) (ok bool) {
	switch word {
	case "by":
		q.By, ok = p.keys(p.groupKey)
	case "show":
		q.Show, ok = p.keys(p.key)
	case "sort":
		if q.Sort.Key, ok = p.key(); ok && p.tok.word("desc") {
			q.Sort.Desc = true
			p.next()
		}
	case "limit":
		n, err := strconv.ParseUint(p.tok.text, 10, 31)
		if p.tok.kind != wordToken || err != nil || n == 0 {
			p.failToken("expected a number of rows after limit", "write limit 20")
			return false
		}
		q.Limit, ok = int(n), true
		p.next()
	}
	return ok
}

func (p *parser) failClause(word string) {
	for _, c := range clauses {
		if c == word {
			p.failToken("a clause that stands too late or twice", "the order is by, show, sort, limit")
			return
		}
	}
	hint := didYouMean(word, clauses, func(c string) string { return c })
	if hint == "" {
		hint = "join expressions with | & - or ^; clauses are by, show, sort and limit"
	}
	p.failToken("expected an operator or a clause", hint)
}

// keys reads keys with commas between them.
func (p *parser) keys(one func() (Key, bool)) ([]Key, bool) {
	var list []Key
	for {
		k, ok := one()
		if !ok {
			return nil, false
		}
		list = append(list, k)
		if !p.accept(",") {
			return list, true
		}
	}
}

// PrintStatement is the canonical text of a statement.
func PrintStatement(s Statement) string {
	switch s := s.(type) {
	case Let:
		return "let " + s.Name + " = " + Print(s.X)
	case Query:
		text := Print(s.X) + keysText(" by ", s.By) + keysText(" show ", s.Show)
		if s.Sort != (SortKey{}) {
			text += " sort " + keyText(s.Sort.Key)
			if s.Sort.Desc {
				text += " desc"
			}
		}
		if s.Limit != 0 {
			text += " limit " + strconv.Itoa(s.Limit)
		}
		return text
	}
	panic(fmt.Sprintf("selectors: unknown statement %T", s))
}

func keysText(clause string, keys []Key) string {
	if len(keys) == 0 {
		return ""
	}
	texts := make([]string, len(keys))
	for i, k := range keys {
		texts[i] = keyText(k)
	}
	return clause + strings.Join(texts, ", ")
}

// BindQuery binds the expression of a query and checks the keys of its clauses.
func BindQuery(q Query, s Scope) (*Bound, error) {
	b := newBinder(s)
	bound := b.whole(q.X)
	for _, list := range [][]Key{q.By, q.Show} {
		for _, k := range list {
			b.key(k)
		}
	}
	if q.Sort.Key != (Key{}) {
		b.key(q.Sort.Key)
	}
	if bound.sort == AssignmentSort && (q.By != nil || q.Show != nil || q.Sort != SortKey{} || q.Limit != 0) {
		b.fail(q.X.Span(), wrongSort, "the clauses of a query are about devices, and this is an assignment", "ask for the fleet before its ->")
	}
	if err := errorOrNil(b.errors); err != nil {
		return nil, err
	}
	return bound, nil
}

// SameStatement reports whether two statements are the same but for spans, as Same does.
func SameStatement(a, b Statement) bool {
	switch a := a.(type) {
	case Let:
		b, ok := b.(Let)
		return ok && a.Name == b.Name && Same(a.X, b.X)
	case Query:
		b, ok := b.(Query)
		return ok && Same(a.X, b.X) && sameKeys(a.By, b.By) && sameKeys(a.Show, b.Show) &&
			sameKey(a.Sort.Key, b.Sort.Key) && a.Sort.Desc == b.Sort.Desc && a.Limit == b.Limit
	}
	panic(fmt.Sprintf("selectors: unknown statement %T", a))
}

func sameKeys(a, b []Key) bool { return slices.EqualFunc(a, b, sameKey) }
