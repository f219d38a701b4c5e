package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
)

// errQuit ends a session because its user said so.
var errQuit = errors.New("quit")

// session is the REPL without a terminal: entries in, texts out.
type session struct {
	// console is where answers are laid out; its out is the text being written.
	console *console
	ground  ground
	coming  *loading // the ground until it is there, then nil
	untold  string   // what is to be told of reading it
	// label says where the devices are from: live, snapshot or a file's name.
	label func(ground) string
	// again reads the sources anew. Nil where they cannot change, such as the input.
	again func(context.Context) (ground, error)
	// live sources are read again before an answer when what is known has become old.
	live bool
	read time.Time     // when they were read last
	cost time.Duration // and how long that took

	lets    []let
	assumed []string // of every possible device
	scope   selectors.Scope
	format  string
	columns []string
	timing  bool
	color   bool
	history *history
	now     func() time.Time
	// emit, where given, takes the text so far of a command that goes on for long.
	emit func(string)

	loading  int            // files being loaded
	slow     bool           // the last hint took too long to try again
	answers  map[string]int // sizes of names, until the ground changes
	frequent map[algebra.Key]frequency
}

// newSession stands on a ground that is being read; arrive waits for it.
func newSession(coming *loading, label func(ground) string, c *console) *session {
	return &session{console: c, coming: coming, label: label, format: "folded", timing: true, now: time.Now, history: &history{}}
}

// stand puts the session on another ground. Names given in it are resolved anew; those that
// no longer mean anything are dropped, and returned.
func (s *session) stand(g ground) (dropped []string) {
	s.ground, s.read = g, s.now()
	s.frequent = map[algebra.Key]frequency{}
	return s.rebindAll()
}

// handle takes one entry and gives what to show for it. More says that the entry is right as
// far as it goes: nothing was done, and the lines to come belong to it. The error is a
// diag.List where places in the entry are wrong, io.EOF where the session is to end.
func (s *session) handle(ctx context.Context, entry string) (output string, more bool, err error) {
	if s.incomplete(entry) {
		return "", true, nil
	}
	var b bytes.Buffer
	s.console.out, s.console.errw = &b, &b
	switch text := strings.TrimSpace(entry); {
	case text == "" || text[0] == '#':
	case text[0] == ':':
		err = s.command(ctx, entry)
	default:
		err = s.statement(ctx, entry, 0)
	}
	if errors.Is(err, errQuit) {
		err = io.EOF
	}
	return b.String(), false, err
}

// incomplete reports whether more lines can put an entry right. An empty line ends any.
func (s *session) incomplete(entry string) bool {
	if last := entry[strings.LastIndexByte(entry, '\n')+1:]; strings.TrimSpace(last) == "" {
		return false
	}
	at := len(entry) - len(strings.TrimLeft(entry, " \t\n"))
	if entry[at] == '#' {
		return false
	}
	if entry[at] == ':' {
		c, arg, ok := cutCommand(entry)
		if !ok || c.takes != takesExpr {
			return false
		}
		at = arg
	}
	return incompleteText(entry[at:])
}

// incompleteText reports whether a statement lacks only what may come.
func incompleteText(text string) bool {
	_, err := selectors.ParseStatement(text)
	var list selectors.Errors
	return strings.TrimSpace(text) != "" && errors.As(err, &list) && list.Incomplete()
}

// statement answers the query, or gives the name, at a place of the entry.
func (s *session) statement(ctx context.Context, entry string, from int) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	q, bound, err := s.query(entry, from)
	if err != nil || bound == nil {
		return err
	}
	return s.answer(q, bound)
}

// bind reads the expression that is the rest of an entry.
func (s *session) bind(entry string, from int) (*selectors.Bound, error) {
	alone := errors.New("an expression is wanted here, without let and without clauses")
	if statement, err := selectors.ParseStatement(entry[min(from, len(entry)):]); err == nil {
		if _, let := statement.(selectors.Let); let {
			return nil, alone
		}
	}
	q, bound, err := s.query(entry, from)
	if err == nil && !plain(q) {
		return nil, alone
	}
	return bound, err
}

// query reads the statement that is the rest of an entry. A let is done, and gives no query.
func (s *session) query(entry string, from int) (selectors.Query, *selectors.Bound, error) {
	entry = strings.TrimRight(entry, " \t\n") // what is missing is missing after the last word
	from = min(from, len(entry))
	at := diag.Source{Line: 1, Text: entry, Offset: from}
	statement, err := selectors.ParseStatement(entry[from:])
	if err != nil {
		return selectors.Query{}, nil, placed(at, err)
	}
	switch x := statement.(type) {
	case selectors.Query:
		bound, err := s.ground.bindQuery(x, s.scope, at)
		return x, bound, err
	case selectors.Let:
		bound, err := s.ground.bind(x.X, s.scope, at)
		if err != nil {
			return selectors.Query{}, nil, err
		}
		return selectors.Query{}, nil, s.define(x.Name, bound)
	}
	panic("muster: unknown statement")
}

// Sources that change are read again when what is known is older than this, and than some
// times what reading them costs, so that reading never takes most of the time.
const (
	oldAfter  = 2 * time.Second
	oldFactor = 10
)

// fresh reads live sources again if what is known has become old.
func (s *session) fresh(ctx context.Context) error {
	if s.live && s.now().Sub(s.read) > max(oldAfter, oldFactor*s.cost) {
		return s.reload(ctx)
	}
	return nil
}

// reload reads the sources again.
func (s *session) reload(ctx context.Context) error {
	if s.again == nil {
		return nil
	}
	began := s.now()
	g, err := s.again(ctx)
	if err != nil {
		return err
	}
	if dropped := s.stand(g); len(dropped) > 0 {
		s.console.note("", "no longer defined: @%s", strings.Join(dropped, ", @"))
	}
	s.cost = s.now().Sub(began)
	return nil
}
