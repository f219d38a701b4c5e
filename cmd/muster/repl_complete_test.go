package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestComplete asks what Tab offers at the end of a text: candidates with what is said of
// them, in their order.
func TestComplete(t *testing.T) {
	file, err := filepath.Abs("testdata/repl/names.txtar")
	if err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := testSession(t, archive)
	transcript(s, prompt+"let slow = mem < 8GiB\n")
	tests := []offered{
		{``, 0, []string{"name: set on 5/5", "id: set on 5/5", "arch: set on 4/5", "…"}},
		{`ar`, 0, []string{"arch: set on 4/5"}},
		{`mo`, 0, []string{"model: on no device"}},
		{`has(`, 4, []string{"name: set on 5/5", "id: set on 5/5", "arch: set on 4/5", "os.version: set on 4/5", "mem: set on 4/5", "…"}},
		{`label(`, 6, []string{`"env"): set on 5/5`, `"ring"): set on 3/5`, `"site"): set on 5/5`}},
		{`arch = aarch64 & label("r`, 23, []string{`"ring"): set on 3/5`}},
		{`label("site") = `, 16, []string{`"berlin": 2 devices`, `"lyon": 2 devices`, `"oslo": 1 device`}},
		{`label("site") = "l`, 16, []string{`"lyon": 2 devices`}},
		{`label("site")=`, 14, []string{`"berlin": 2 devices`, "…"}},
		{`arch = `, 7, []string{"aarch64: 2 devices", "x86_64: 2 devices"}},
		{`label("ring") in ("0", `, 23, []string{`"1": 2 devices`, `"0": 1 device`}},
		{`label("ring") not in (`, 22, []string{`"1": 2 devices`, `"0": 1 device`}},
		{`num(label("ring")) > `, 21, []string{"1: 2 devices", "0: 1 device"}},
		{`arch `, 5, []string{"= : equal", "!= : different, or absent", "in (: one of several", "not in (: none of several, or absent", "glob : like a pattern with * and ?", "=~ : like a regular expression"}},
		{`mem `, 4, []string{"= : equal", "…"}},
		{`heartbeat `, 10, []string{"within : at most so long ago"}},
		{`@`, 0, []string{"@canary: fleet, 1 device", "@prod: selector, 4 devices", "@web: assignment, 4 devices", "@slow: selector, 1 device"}},
		{`@prod & @c`, 8, []string{"@canary: fleet, 1 device"}},
		{`@prod `, 6, []string{"& : and", "| : or", "…"}},
		{`@canary `, 8, []string{"& : and", "| : or", "- : without", "^ : in one of both", "[: of them, those that", "…"}},
		{`@canary[`, 8, []string{"name: set on 5/5", "…"}},
		{`{edge-00`, 1, []string{"edge-001: ", "edge-002: ", "edge-003: ", "edge-004: "}},
		{`{gw7, edge-003`, 6, nil},
		{`@prod -> {`, 10, []string{"web@2.1.0}: "}},
		{`any(`, 4, []string{"deploy: : what a device runs"}},
		{`any(deploy: ph`, 12, []string{"phase: of what runs"}},
		{`all by `, 7, []string{"name: set on 5/5", "…"}},
		{`all by arch, label("s`, 19, []string{`"site"): set on 5/5`}},
		{`all limit `, 10, nil},
		{`:expl`, 0, []string{":explain : how many devices each part admits"}},
		{`:import s`, 8, []string{"salt : compound targets of Salt"}},
		{`:export k8s @prod & @c`, 20, []string{"@canary: fleet, 1 device"}},
		{`:explain @prod & @c`, 17, []string{"@canary: fleet, 1 device"}},
		{`:why edge-003 @c`, 14, []string{"@canary: fleet, 1 device"}},
		{`:why edge-00`, 5, []string{"edge-001: ", "edge-002: ", "edge-003: ", "edge-004: "}},
		{`:values label("s`, 8, []string{`label("site"): set on 5/5`}},
		{`:fleet g`, 7, []string{"gw7: "}},
		{`:set f`, 5, []string{"format : now folded"}},
		{`:set format j`, 12, []string{"json: "}},
		{`:help why`, 6, []string{"whynot: the fewest changes that would have it admitted"}},
		{`:nope x`, 7, nil},
		{`"unfinished`, 0, nil},
	}
	offers(t, s, tests)
}

// TestCompleteWhatRuns asks it inside any(deploy: …), where keys and values are of what runs.
func TestCompleteWhatRuns(t *testing.T) {
	s := testSession(t, txtar.Parse([]byte(`-- devices.jsonl --
{"id":"gw1","labels":{},"facts":{},"deploy":[{"app":"web","version":"2.1.0","phase":"Running"},{"app":"db","phase":"Failed"}]}
{"id":"gw2","labels":{},"facts":{},"deploy":[{"app":"web","version":"2.2.0","phase":"Running"}]}
`)))
	offers(t, s, []offered{
		{`any(deploy: app `, 16, []string{"= : equal", "…"}},
		{`any(deploy: version `, 20, []string{"= : equal", "!= : different, or absent", "in (: one of several", "not in (: none of several, or absent", "< : less", "…"}},
		{`any(deploy: app = `, 18, []string{"web: 2 devices", "db: 1 device"}},
		{`any(deploy: app = "web" & phase = `, 34, []string{"Running: 2 devices", "Failed: 1 device"}},
		{`every(deploy: version in (`, 26, []string{"2.1.0: 1 device", "2.2.0: 1 device"}},
		{`:values ph`, 8, []string{"phase: of what runs"}},
	})
}

// offered is what Tab offers at the end of a text.
type offered struct {
	text  string
	start int
	want  []string // all that is offered; with … at its end, the first of it
}

func offers(t *testing.T, s *session, tests []offered) {
	t.Helper()
	for _, test := range tests {
		found, start := s.complete(test.text)
		var got []string
		for _, c := range found {
			got = append(got, c.text+": "+c.about)
		}
		want := test.want
		if n := len(want); n > 0 && want[n-1] == "…" {
			want, got = want[:n-1], got[:min(n-1, len(got))]
		}
		if !slices.Equal(got, want) || len(found) > 0 && start != test.start {
			t.Errorf("%q offers from %d\n  %s\nwant from %d\n  %s", test.text, start, strings.Join(got, "\n  "), test.start, strings.Join(want, "\n  "))
		}
	}
}

// A candidate goes on from what is typed: it starts with it, and the line with it in place
// still starts with what was typed.
func TestCompleteKeepsWhatIsTyped(t *testing.T) {
	file, err := filepath.Abs("testdata/repl/names.txtar")
	if err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := testSession(t, archive)
	full := `:explain take(@prod & all[label("site") in ("berlin", "lyon") & !(arch = aarch64)], 2 by label("ring")) by arch show mem`
	offered := 0
	for i := range len(full) + 1 {
		found, start := s.complete(full[:i])
		for _, c := range found {
			offered++
			if !strings.HasPrefix(full[:start]+c.text, full[:i]) {
				t.Errorf("after %q: %q from %d", full[:i], c.text, start)
			}
		}
		if plain := s.highlight(full[:i]); plain != full[:i] {
			t.Errorf("without colour %q is dressed as %q", full[:i], plain)
		}
		s.color = true
		if stripped := stripStyles(s.highlight(full[:i])); stripped != full[:i] {
			t.Errorf("%q is dressed as %q", full[:i], stripped)
		}
		s.color = false
	}
	if offered < 300 {
		t.Errorf("only %d candidates were looked at", offered)
	}
}

func stripStyles(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, text, _ = strings.Cut(after, "m")
	}
}

// What is unknown is red, and what no device has is underlined.
func TestHighlight(t *testing.T) {
	file, err := filepath.Abs("testdata/repl/names.txtar")
	if err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := testSession(t, archive)
	s.color = true
	for text, want := range map[string]string{
		`@prod & @nope & x`:    s.style(nameStyle, "@prod") + " & " + s.style(unknownStyle, "@nope") + " & x",
		`@pr`:                  s.style(nameStyle, "@pr"),
		`label("nope") = "x"`:  s.style(keywordStyle, "label") + "(" + s.style(absentStyle, `"nope"`) + ") = " + s.style(textStyle, `"x"`),
		`sitee = berlin`:       s.style(unknownStyle, "sitee") + " = " + s.style(valueStyle, "berlin"),
		`arch = "unfini`:       s.style(keyStyle, "arch") + " = " + s.style(textStyle, `"unfini`),
		`:frob x`:              s.style(unknownStyle, ":frob") + " x",
		`:expl`:                s.style(commandStyle, ":expl"),
		`:explain @prod`:       s.style(commandStyle, ":explain") + " " + s.style(nameStyle, "@prod"),
		`any(deploy: app = x)`: s.style(keywordStyle, "any") + "(" + s.style(keywordStyle, "deploy") + ": " + s.style(keyStyle, "app") + " = " + s.style(valueStyle, "x") + ")",
	} {
		if got := s.highlight(text); got != want {
			t.Errorf("%s is dressed as\n%q\nwant\n%q", text, got, want)
		}
	}
}
