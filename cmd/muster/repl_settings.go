package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// formats are what :set format takes.
var formats = []string{"folded", "names", "table", "json", "ndjson", "csv", "yaml"}

// settings are what :set takes, and what each is now.
func (s *session) settings() [][]string {
	return [][]string{{"format", s.format}, {"columns", strings.Join(s.columns, ",")}, {"timing", onOff(s.timing)}}
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func (s *session) set(_ context.Context, c call) error {
	name, value, _ := strings.Cut(c.arg(), " ")
	value = strings.TrimSpace(value)
	switch name {
	case "":
		return columns(s.console.out, s.settings())
	case "format":
		if !slices.Contains(formats, value) {
			return fmt.Errorf("unknown format %q; known: %s", value, strings.Join(formats, ", "))
		}
		s.format = value
	case "columns":
		s.columns = nil
		for _, word := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }) {
			k, err := s.ground.key(word)
			if err != nil {
				return err
			}
			s.columns = append(s.columns, column(k))
		}
	case "timing":
		if value != "on" && value != "off" {
			return fmt.Errorf("timing %q; write on or off", value)
		}
		s.timing = value == "on"
	default:
		return fmt.Errorf("unknown setting %q; %s", name, suggest(name, []string{"format", "columns", "timing"}, "known: format, columns, timing"))
	}
	return nil
}

func (s *session) toggleTiming(context.Context, call) error {
	s.timing = !s.timing
	fmt.Fprintln(s.console.out, "timing "+onOff(s.timing))
	return nil
}

func (s *session) let(ctx context.Context, c call) error {
	if c.arg() != "" {
		if _, bound, err := s.query(c.entry, c.from-len("let")); err != nil || bound == nil {
			return err
		}
		return errors.New("a name and an expression are wanted, such as :let slow = @edge[mem < 4GiB]")
	}
	if len(s.lets) == 0 {
		return errors.New("no names are given yet; let NAME = EXPR gives one")
	}
	for _, l := range s.lets {
		fmt.Fprintf(s.console.out, "let %s = %s\n", l.name, l.text)
	}
	return nil
}

func (s *session) reloaded(ctx context.Context) error {
	if s.again == nil {
		return errors.New("the devices came by the input, which cannot be read again")
	}
	if err := s.reload(ctx); err != nil {
		return err
	}
	return s.wholeFleet()
}

// save writes what load reads back.
func (s *session) save(_ context.Context, c call) error {
	var b strings.Builder
	for _, l := range s.lets {
		fmt.Fprintf(&b, "let %s = %s\n", l.name, l.text)
	}
	for _, set := range s.settings() {
		if set[1] != "" {
			fmt.Fprintf(&b, ":set %s %s\n", set[0], set[1])
		}
	}
	if err := writeFile(c.arg(), []byte(b.String()), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(s.console.out, "%s and the settings are in %s\n", counted(len(s.lets), "name", "names"), c.arg())
	return nil
}

// load enters the lines of a file, up to the first that is wrong.
func (s *session) load(ctx context.Context, c call) error {
	text, err := os.ReadFile(c.arg())
	if err != nil {
		return err
	}
	if s.loading > 0 {
		return fmt.Errorf("%s: a loaded file loads no other", c.arg())
	}
	s.loading++
	defer func() { s.loading-- }()
	out := s.console.out
	from := newEntryReader(strings.NewReader(string(text)), s.incomplete)
	for {
		e, err := from.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		said, _, err := s.handle(ctx, e.text)
		s.console.out, s.console.errw = out, out
		fmt.Fprint(out, said)
		if err != nil {
			return e.place(c.arg(), err)
		}
	}
}

func (s *session) showHistory(_ context.Context, c call) error {
	last := 20
	if c.arg() != "" {
		n, err := strconv.Atoi(c.arg())
		if err != nil || n < 1 {
			return fmt.Errorf("history %s; a number of entries is wanted", c.arg())
		}
		last = n
	}
	all := s.history.entries
	for i := max(0, len(all)-last); i < len(all); i++ {
		fmt.Fprintf(s.console.out, "%4d  %s\n", i+1, strings.ReplaceAll(all[i], "\n", "\n      "))
	}
	return nil
}

// watch asks again and again until it is interrupted. The first answer is whole; then only
// who comes and who goes is told.
func (s *session) watch(ctx context.Context, c call) error {
	every, from := 5*time.Second, c.from
	if word, _, _ := strings.Cut(c.arg(), " "); word != "" {
		if d, err := time.ParseDuration(word); err == nil {
			if d < 100*time.Millisecond {
				return fmt.Errorf("watch every %s; 100ms is the least", word)
			}
			every, from = d, c.from+strings.Index(c.entry[c.from:], word)+len(word)
		}
	}
	b, err := s.bind(c.entry, from)
	if err != nil {
		return err
	}
	if err := s.answer(selectors.Query{X: b.Expr()}, b); err != nil || s.emit == nil {
		return err
	}
	have := map[algebra.DeviceID]bool{}
	for id := range s.ground.devices(b, b.Expr()).IDs() {
		have[id] = true
	}
	fmt.Fprintln(s.console.out, s.dim("every "+every.String()+"; Ctrl-C ends it"))
	s.flush()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
		if err := s.reload(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if b, err = s.bind(c.entry, from); err != nil {
			return err
		}
		have = s.moves(have, s.ground.devices(b, b.Expr()))
		s.flush()
	}
}
