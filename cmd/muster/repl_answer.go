package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// mostLines is about how many lines of folded names a person is shown.
const mostLines = 12

// answer shows what a query denotes, how much that is, and what is remarkable.
func (s *session) answer(q selectors.Query, b *selectors.Bound) error {
	if b.Sort() == selectors.AssignmentSort {
		return s.answerClaims(b)
	}
	began := s.now()
	f := s.ground.demand.Fleet(b)
	took := s.now().Sub(began)
	if b.Sort() == selectors.SelectorSort && !s.machine() {
		fmt.Fprintln(s.console.out, s.dim("≡ all["+selectors.Print(b.Expr())+"]"))
	}
	line := []string{s.share(f.Len())}
	if plain(q) {
		if err := s.show(f); err != nil {
			return err
		}
	} else {
		a := s.ground.arrange(q, f)
		took = s.now().Sub(began)
		if err := s.printer().printArranged(a); err != nil {
			return err
		}
		if a.of > len(a.rows) {
			line = append(line, fmt.Sprintf("%d of %s", len(a.rows), counted(a.of, "row", "rows")))
		}
	}
	if s.machine() {
		return nil
	}
	if s.timing {
		line = append(line, elapsed(took))
	}
	line = append(line, s.label(s.ground))
	if n := s.stale(f); n > 0 {
		line = append(line, fmt.Sprintf("%d stale", n))
	}
	fmt.Fprintln(s.console.out, s.dim(strings.Join(line, " · ")))
	s.remark(b, f)
	return nil
}

// machine says that the format is for programs: then an answer is that and nothing else.
func (s *session) machine() bool {
	switch s.format {
	case "json", "ndjson", "csv", "yaml", "names":
		return true
	}
	return false
}

func (s *session) show(f algebra.Fleet) error {
	p := s.printer()
	if s.format != "folded" || f.IsEmpty() {
		return p.printFleet(f)
	}
	text := p.folded(f)
	if most := mostLines * s.console.columns(); s.console.person() && len(text) > most {
		shown := text[:strings.LastIndexByte(text[:most], ',')+1]
		text = shown + s.dim(" … and more; :set format names shows all")
	}
	_, err := fmt.Fprintln(s.console.out, text)
	return err
}

func (s *session) printer() printer {
	return printer{console: s.console, format: s.format, columns: s.columns}
}

// grouped is a number with a comma before each three digits, as people read large ones.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// share is 12 of 1,204 devices.
func (s *session) share(n int) string {
	all := s.ground.roster.Len()
	noun := "devices"
	if all == 1 {
		noun = "device"
	}
	return grouped(n) + " of " + grouped(all) + " " + noun
}

func (s *session) answerClaims(b *selectors.Bound) error {
	began := s.now()
	a := s.ground.demand.Assign(b)
	took := s.now().Sub(began)
	rows := claimRows(a)
	if err := s.printer().printClaims(rows); err != nil || s.machine() {
		return err
	}
	on := s.ground.claimed(a)
	line := []string{counted(len(rows), "claim", "claims") + " at " + s.share(on.Len())}
	if s.timing {
		line = append(line, elapsed(took))
	}
	fmt.Fprintln(s.console.out, s.dim(strings.Join(append(line, s.label(s.ground)), " · ")))
	s.remark(b, on)
	return nil
}

// remark tells what is likely a slip, and whom a negative atom let in.
func (s *session) remark(b *selectors.Bound, f algebra.Fleet) {
	for _, n := range s.ground.remarks(b, f) {
		s.console.note(n.hint, "%s", n.text)
	}
}

// stale counts the devices that have been silent for too long to know how they are now. Who
// stands on files knows of none.
func (s *session) stale(f algebra.Fleet) int {
	if len(s.ground.reality.Records) == 0 {
		return 0
	}
	n := 0
	for id := range f.IDs() {
		if r, ok := s.ground.reality.Records[id]; !ok || !r.Online(s.ground.reality.ObservedAt) {
			n++
		}
	}
	return n
}

// Typing must not wait for its hint.
const hintWithin = 50 * time.Millisecond

// hint says while an expression is typed what it denotes so far, if that is known at once.
func (s *session) hint(text string) string {
	if err := s.arrive(false); err != nil || !s.here() || s.slow || strings.TrimSpace(text) == "" || strings.TrimSpace(text)[0] == ':' {
		return ""
	}
	statement, err := selectors.ParseStatement(text)
	if err != nil {
		return ""
	}
	var x selectors.Expr
	switch statement := statement.(type) {
	case selectors.Query:
		x = statement.X
	case selectors.Let:
		x = statement.X
	}
	b, err := selectors.Bind(x, s.scope)
	if err != nil || b.Sort() == selectors.AssignmentSort {
		return ""
	}
	began := time.Now()
	n := s.ground.demand.Fleet(b).Len()
	s.slow = time.Since(began) > hintWithin
	return fmt.Sprintf("%s, %s", sortWord(b), s.share(n))
}

// elapsed is a duration as people compare them.
func elapsed(d time.Duration) string {
	switch ms := float64(d) / float64(time.Millisecond); {
	case ms < 0.1:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	default:
		return fmt.Sprintf("%.1f s", ms/1000)
	}
}

// label says where the devices of a session are from.
func (s *source) label(dir string) func(ground) string {
	return func(g ground) string {
		switch {
		case s.roster != "":
			return filepath.Base(shown(s.roster))
		case s.file != "":
			return "snapshot " + g.reality.ObservedAt.UTC().Format("2006-01-02 15:04:05Z")
		case s.given():
			return "live " + g.reality.ObservedAt.UTC().Format("15:04:05Z")
		}
		return filepath.Base(dir)
	}
}

func (s *session) dim(text string) string { return s.style("2", text) }

// style dresses a text, line by line, where colour is wanted.
func (s *session) style(code, text string) string {
	if !s.color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
