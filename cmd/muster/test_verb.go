package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
)

const testSuffix = ".test"

func testCommand(c *console) *cobra.Command {
	var verbose bool
	cmd := &cobra.Command{
		Use:   "test [FILE|DIR]...",
		Short: "run files that say which devices an expression is to denote",
		Long: `test runs files of steps, or all *.test files below a directory; without arguments below the
present one. A step starts at the margin, what belongs to it is indented:

  world DIR            a World; its names can be used
  load FILE            devices as JSON lines, as --roster reads them
  load                 devices, one or a folded set a line:
    edge-[001-003] arch=aarch64 label.site=berlin
  let NAME = EXPR      a name
  eval EXPR            an expression, and below it the names it denotes, none, or count N;
    edge-[001-002]     of an assignment the claims, as assignments; with note TEXT a note
  eval_fail EXPR       an expression that is wrong, and below it a part of each message
    unknown name
  clear                forget devices, World and names

A line that starts with # says nothing. Files and directories are meant from where the test
file lies. The exit code is 1 if anything fails.`,
		Example: `  muster test
  muster test worlds/shop/tests
  muster test -v edge.test`,
		RunE: func(cmd *cobra.Command, args []string) error { return runTests(cmd.Context(), c, args, verbose) },
	}
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "name the steps that pass too")
	return cmd
}

func runTests(ctx context.Context, c *console, args []string, verbose bool) error {
	files, err := testFiles(args)
	if err != nil {
		return err
	}
	var all tally
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		t := testRun{console: c, name: file, verbose: verbose}
		t.run(ctx, string(text))
		all.passed += t.passed
		all.failed += t.failed
	}
	fmt.Fprintf(c.out, "%d passed, %d failed in %s\n", all.passed, all.failed, counted(len(files), "file", "files"))
	if all.failed > 0 {
		return exit(1)
	}
	return nil
}

// testFiles are the files named, and those below the directories named.
func testFiles(args []string) ([]string, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, fmt.Errorf("test %s: no such file; name files, or directories that hold *%s", arg, testSuffix)
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && filepath.Ext(path) == testSuffix {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("test: no *%s files in %s; muster test --help shows what they look like", testSuffix, strings.Join(args, ", "))
	}
	return files, nil
}

type tally struct{ passed, failed int }

// testRun runs one file.
type testRun struct {
	tally
	console *console
	name    string
	verbose bool
	devices []algebra.Device
	world   algebra.World
	worlds  int // named so far
	session *session
}

func (t *testRun) run(ctx context.Context, text string) {
	steps, wrong := parseTest(t.name, text)
	if len(wrong) > 0 {
		t.failed += len(wrong)
		t.console.diagnose(wrong)
		return
	}
	t.clear()
	for _, s := range steps {
		if err := t.step(ctx, s); err != nil {
			t.failed++
			t.console.diagnose(entry{s.line, s.text}.place(t.name, err))
			if s.verb != "eval" && s.verb != "eval_fail" {
				return // what follows stands on it
			}
		}
	}
}

func (t *testRun) clear() {
	t.devices, t.world, t.worlds, t.session = nil, algebra.World{}, 0, nil
}

// on is a session on what was loaded so far.
func (t *testRun) on() (*session, error) {
	if t.session != nil {
		return t.session, nil
	}
	roster, err := algebra.NewRoster(t.devices)
	if err != nil {
		return nil, err
	}
	g := stand(t.world, t.worlds > 0, algebra.NewReality(roster, time.Now().UTC()))
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
		found, wrong := readRoster(t.beside(s.arg()), text)
		if len(wrong) > 0 {
			return wrong
		}
		t.devices = merged(t.devices, found)
		return nil
	}
	var wrong diag.List
	for _, l := range s.body {
		found, w := parseDevices(t.name, l)
		wrong = append(wrong, w...)
		t.devices = merged(t.devices, found)
	}
	return wrong.Err()
}

func (t *testRun) eval(session *session, s step) error {
	b, err := session.bind(s.text, s.from)
	if err != nil {
		return err
	}
	t.tell(s, expectation(session, b, s.body))
	return nil
}

func (t *testRun) evalFail(session *session, s step) error {
	b, err := session.bind(s.text, s.from)
	if err == nil {
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

// tell counts a step, and says how it failed if it did.
func (t *testRun) tell(s step, wrong string) {
	text := strings.Join(strings.Fields(s.text), " ")
	if wrong == "" {
		t.passed++
		if t.verbose {
			fmt.Fprintf(t.console.out, "ok    %s:%d: %s\n", t.name, s.line, text)
		}
		return
	}
	t.failed++
	head := "FAIL"
	if t.console.color(t.console.out) {
		head = "\x1b[1;31mFAIL\x1b[0m"
	}
	fmt.Fprintf(t.console.out, "%s  %s:%d: %s\n", head, t.name, s.line, text)
	for _, line := range strings.Split(wrong, "\n") {
		fmt.Fprintf(t.console.out, "      %s\n", line)
	}
}
