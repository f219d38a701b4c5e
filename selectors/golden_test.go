package selectors_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden reads the files of testdata. Section "names" defines names, one a line, "versions"
// the versions of apps and "devices" devices as key=value words. Each section "in" is an
// expression, "statement" a statement and "script" a script. Section "out" after it has its sort
// and canonical text with the devices a selector matches, or its errors. Whatever is accepted is
// also checked to survive printing.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata: %d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { runGolden(t, file) })
	}
}

func runGolden(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	v := selectorstest.Vocabulary{
		Labels:   map[string][]string{"ring": nil, "site": nil},
		Names:    map[string]*selectors.Bound{},
		Versions: map[string][]string{"web": {"2.2.0", "2.1.0"}, "agent": {"2.1.0"}, "db": nil},
	}
	var devices []string
	for i := 0; i < len(a.Files); i++ {
		text := strings.TrimSuffix(string(a.Files[i].Data), "\n")
		switch name := a.Files[i].Name; name {
		case "names":
			for line := range strings.Lines(text) {
				name, definition, _ := strings.Cut(strings.TrimSpace(line), ": ")
				v.Names[name] = v.MustBind(definition)
			}
		case "versions":
			for line := range strings.Lines(text) {
				app, versions, _ := strings.Cut(strings.TrimSpace(line), ": ")
				v.Versions[app] = strings.Fields(versions)
			}
		case "devices":
			devices = strings.Split(text, "\n")
		case "in", "statement", "script":
			answer := map[string]func(*testing.T, string, selectors.Scope, []string) string{
				"in": outcome, "statement": statementOutcome, "script": scriptOutcome,
			}[name]
			i++
			have, want := answer(t, text, v.Scope(), devices), string(a.Files[i].Data)
			if a.Files[i].Name != "out" {
				t.Fatalf("section in is followed by %s, not by out", a.Files[i].Name)
			}
			if *update {
				a.Files[i].Data = []byte(have)
			} else if have != want {
				t.Errorf("%s\nhave\n%swant\n%s", text, have, want)
			}
		default:
			t.Fatalf("unknown section %s", name)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// outcome is what section "out" says of a text.
func outcome(t *testing.T, text string, s selectors.Scope, devices []string) string {
	x, err := selectors.Parse(text)
	if err != nil {
		return drawn(text, err)
	}
	b, err := selectors.Bind(x, s)
	if err != nil {
		return drawn(text, err)
	}
	canonical := selectors.Print(b.Expr())
	if !roundTrip(selectors.Print, b.Expr()) || !roundTrip(selectors.Print, x) {
		t.Errorf("%s prints as %s, which is read otherwise", text, canonical)
	}
	out := fmt.Sprintf("%s: %s\n", b.Sort(), canonical)
	if b.Effect() != selectors.Static || b.Takes() {
		out = fmt.Sprintf("%s, %s", b.Effect(), out)
	}
	if b.Takes() {
		out = "taken, " + out
	}
	if b.Sort() == selectors.SelectorSort && len(devices) > 0 {
		out += "matches:"
		for _, line := range devices {
			name, d := device(line)
			if b.Matches(d) {
				out += " " + name
			}
		}
		out += "\n"
	}
	return out
}

// statementOutcome is what section "out" says of a statement.
func statementOutcome(t *testing.T, text string, s selectors.Scope, _ []string) string {
	x, err := selectors.ParseStatement(text)
	if err != nil {
		return drawn(text, err)
	}
	switch x := x.(type) {
	case selectors.Let:
		_, err = selectors.Bind(x.X, s)
	case selectors.Query:
		_, err = selectors.BindQuery(x, s)
	}
	if err != nil {
		return drawn(text, err)
	}
	canonical := selectors.PrintStatement(x)
	y, err := selectors.ParseStatement(canonical)
	if err != nil || !selectors.SameStatement(x, y) || selectors.PrintStatement(y) != canonical {
		t.Errorf("%s prints as %s, which is read otherwise: %v", text, canonical, err)
	}
	return fmt.Sprintf("%T: %s\n", x, canonical)
}

// scriptOutcome is what section "out" says of a script: each name, then the query.
func scriptOutcome(t *testing.T, text string, s selectors.Scope, _ []string) string {
	x, err := selectors.ParseScript(text)
	if err != nil {
		return drawn(text, err)
	}
	if _, _, err := selectors.BindScript(x, s); err != nil {
		return drawn(text, err)
	}
	out := ""
	for _, l := range x.Lets {
		out += selectors.PrintStatement(l) + "\n"
	}
	return out + selectors.PrintStatement(x.Query) + "\n"
}

// device reads name: key=value key=value …
func device(line string) (string, selectorstest.Device) {
	name, rest, _ := strings.Cut(line, ":")
	d := selectorstest.Device{}
	for _, word := range strings.Fields(rest) {
		key, value, _ := strings.Cut(word, "=")
		d[key] = value
	}
	return name, d
}

// drawn is each error under the line it stands in.
func drawn(text string, err error) string {
	var list selectors.Errors
	if !errors.As(err, &list) {
		return fmt.Sprintf("%T: %v\n", err, err)
	}
	var b strings.Builder
	for _, e := range list {
		before := strings.LastIndexByte(text[:e.At.Start], '\n') + 1
		line, _, _ := strings.Cut(text[before:], "\n")
		run := max(1, min(e.At.End, before+len(line))-e.At.Start)
		fmt.Fprintf(&b, "%s\n%*s%s %s %s\n", line, e.At.Start-before, "", strings.Repeat("^", run), e.Code, e.Message)
		if e.Hint != "" {
			fmt.Fprintf(&b, "help: %s\n", e.Hint)
		}
	}
	if list.Incomplete() {
		b.WriteString("(incomplete)\n")
	}
	return b.String()
}
