package selectors

import (
	"maps"
	"strings"
)

// Script is what a file may ask: names, each of which what follows it may use, and a query.
//
//	# the silent part of the canary
//	let canary = take(@prod, 1 by label("site"))
//	@canary[!(heartbeat within 5m)] by label("site")
type Script struct {
	Lets  []Let
	Query Query
}

// ParseScript reads definitions, each of which ends where its line or an unfinished expression
// does, and the query after them. What follows a # is a remark, to the end of its line. Like
// Parse it looks nothing up, and its error is an Errors.
func ParseScript(text string) (Script, error) {
	return parse(lexer{text: text, remarks: true}, (*parser).script)
}

func (p *parser) script() Script {
	var s Script
	for p.tok.word("let") {
		l, _ := p.let().(Let)
		if s.Lets = append(s.Lets, l); !p.atNewLine() {
			p.failToken("expected an operator or the end of the line", "what follows a name stands on a line of its own")
			p.stop()
		}
	}
	if p.tok.kind == endToken {
		p.failToken("expected what to ask for after the names", "write for example @"+s.Lets[len(s.Lets)-1].Name)
		return s
	}
	s.Query, _ = p.query().(Query)
	return s
}

// atNewLine reports whether the present token is the first of its line.
func (p *parser) atNewLine() bool {
	return p.tok.kind == endToken || strings.Contains(p.lex.text[p.end:p.tok.at.Start], "\n")
}

// BindScript binds the names of a script one after the other, and then its query. A name that
// has a meaning already is an error. Beside the query it gives the meanings of the names.
func BindScript(s Script, scope Scope) (query *Bound, lets []*Bound, err error) {
	scope.Names = maps.Clone(scope.Names)
	if scope.Names == nil {
		scope.Names = map[string]*Bound{}
	}
	for _, l := range s.Lets {
		if _, taken := scope.Names[l.Name]; taken {
			return nil, nil, Errors{{Code: badName, At: l.NameAt, Message: "@" + l.Name + " has a meaning already", Hint: "choose another name"}}
		}
		b, err := Bind(l.X, scope)
		if err != nil {
			return nil, nil, err
		}
		scope.Names[l.Name] = b
		lets = append(lets, b)
	}
	query, err = BindQuery(s.Query, scope)
	return query, lets, err
}
