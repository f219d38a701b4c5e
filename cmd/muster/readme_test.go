package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestReadmeSessions types the sessions of READMEs and compares what is printed.
// With -update it writes the READMEs instead.
func TestReadmeSessions(t *testing.T) {
	t.Chdir("../..")
	for file, least := range map[string]int{"README.md": 5, "examples/gates/README.md": 2} {
		t.Run(file, func(t *testing.T) { typeSession(t, file, least) })
	}
}

// typeSession types the first session of a file, which has some commands at least.
func typeSession(t *testing.T, file string, least int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const open, end = "```console\n", "```\n"
	before, rest, found := strings.Cut(string(text), open)
	session, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("it has no console session")
	}
	var got strings.Builder
	commands := 0
	for line := range strings.Lines(session) {
		typed, ok := strings.CutPrefix(line, "$ muster ")
		if !ok {
			continue
		}
		commands++
		var both bytes.Buffer // as a terminal shows it
		run(words(strings.TrimSpace(typed)), nil, &both, &both)
		got.WriteString(line + both.String())
	}
	if commands < least {
		t.Errorf("the session has %d commands: it shows next to nothing", commands)
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+open+got.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got.String() != session {
		t.Errorf("it shows another session than muster gives; go test ./cmd/muster -update writes it\ngot\n%s\nwant\n%s", got.String(), session)
	}
}

// words splits a command line at blanks outside single quotes.
func words(line string) []string {
	quoted := false
	fields := strings.FieldsFunc(line, func(r rune) bool {
		if r == '\'' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
	for i, f := range fields {
		fields[i] = strings.ReplaceAll(f, "'", "")
	}
	return fields
}
