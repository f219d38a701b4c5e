package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
)

// testRun runs one file.
type testRun struct {
	console *console
	name    string
	report  *testReport
	now     time.Time // what ages of the file are counted from
	fleet   testFleet
	world   algebra.World
	worlds  int // named so far
	session *session
}

func newTestRun(c *console, name string, report *testReport) *testRun {
	return &testRun{console: c, name: name, report: report, now: time.Now().UTC()}
}

func (t *testRun) run(ctx context.Context, text string) {
	steps, wrong := parseTest(t.name, text)
	for _, d := range wrong {
		t.report.broken(t.name, d.SourceLine, diag.List{d})
	}
	if len(wrong) > 0 {
		return
	}
	t.clear()
	for _, s := range steps {
		if err := t.step(ctx, s); err != nil {
			t.report.broken(t.name, s.text, entry{s.line, s.text}.place(t.name, err))
			if s.verb != "eval" && s.verb != "eval_fail" {
				return // what follows stands on it
			}
		}
	}
}

func (t *testRun) clear() {
	t.fleet, t.world, t.worlds, t.session = testFleet{}, algebra.World{}, 0, nil
}

// on is a session on what was loaded so far.
func (t *testRun) on() (*session, error) {
	if t.session != nil {
		return t.session, nil
	}
	reality, err := t.fleet.reality(t.now)
	if err != nil {
		return nil, err
	}
	g := stand(t.world, t.worlds > 0, reality)
	t.session = newSession(loaded(g), func(ground) string { return t.name }, &console{out: io.Discard, errw: io.Discard})
	return t.session, t.session.arrive(true)
}

// restart puts the names given so far on what is loaded now.
func (t *testRun) restart() error {
	old := t.session
	t.session = nil
	s, err := t.on()
	if err != nil || old == nil {
		return err
	}
	s.lets = old.lets
	if dropped := s.rebindAll(); len(dropped) > 0 {
		return fmt.Errorf("@%s no longer means anything", strings.Join(dropped, ", @"))
	}
	return nil
}

func (t *testRun) step(ctx context.Context, s step) error {
	switch s.verb {
	case "clear":
		t.clear()
		return nil
	case "load":
		if err := t.load(s); err != nil {
			return err
		}
		return t.restart()
	case "world":
		if t.worlds++; t.worlds > 1 {
			return errors.New("a second World; clear forgets the first")
		}
		var err error
		if t.world, err = t.console.loadWorld(t.beside(s.arg())); err != nil {
			return err
		}
		return t.restart()
	}
	session, err := t.on()
	if err != nil {
		return err
	}
	switch s.verb {
	case "let":
		_, _, err := session.handle(ctx, s.text)
		return err
	case "eval":
		return t.eval(session, s)
	case "eval_fail":
		return t.evalFail(session, s)
	}
	panic("muster: unknown step " + s.verb)
}

// beside is a path as it is meant from where the test file lies.
func (t *testRun) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(t.name), path)
}

func (t *testRun) load(s step) error {
	if s.arg() != "" {
		text, err := os.ReadFile(t.beside(s.arg()))
		if err != nil {
			return err
		}
		found, seen, wrong := readRoster(t.beside(s.arg()), text)
		if len(wrong) > 0 {
			return wrong
		}
		t.fleet.add(found, seen)
		return nil
	}
	var wrong diag.List
	for _, l := range s.body {
		found, seen, w := parseDevices(t.name, l, t.now)
		wrong = append(wrong, w...)
		t.fleet.add(found, seen)
	}
	return wrong.Err()
}

func (t *testRun) eval(session *session, s step) error {
	q, b, err := session.query(s.text, s.from)
	if err != nil {
		return err
	}
	if b == nil {
		return errors.New("a name is given by let, which is a step of its own")
	}
	t.tell(s, expectation(session, q, b, s.body))
	return nil
}

func (t *testRun) evalFail(session *session, s step) error {
	_, b, err := session.query(s.text, s.from)
	if err == nil && b != nil {
		what := "have an answer: " + selectors.Print(b.Expr())
		if b.Sort() != selectors.AssignmentSort {
			what += " is " + orWord(selectors.Fold(ids(session.ground.demand.Fleet(b))), "none")
		}
		t.tell(s, "want an error\n"+what)
		return nil
	}
	var told strings.Builder
	for _, d := range asList(err) {
		told.WriteString(d.Message + "; " + d.Hint + "\n")
	}
	i := slices.IndexFunc(s.body, func(l testLine) bool { return !strings.Contains(told.String(), l.text) })
	if i < 0 {
		t.tell(s, "")
		return nil
	}
	t.tell(s, "want a message with "+s.body[i].text+"\nhave "+strings.TrimSuffix(strings.ReplaceAll(strings.TrimSpace(told.String()), "\n", "\nhave "), "; "))
	return nil
}

func (t *testRun) tell(s step, wrong string) { t.report.step(t.name, s, wrong) }
