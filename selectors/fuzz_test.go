package selectors_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/musterfleet/muster/selectors"
)

// seeds are one text for each form of the language, right and wrong.
var seeds = []string{
	"", "true", "all", `label("ring") not in ("0", "1")`, "mem >= 8GiB & !has(label(\"hold\"))",
	"@prod[@arm][label.ring == 0] and not (arch = x86_64)", "{edge[001-100/2], rack[1-2]n[1-8]}",
	"(@web & @prod) - @east", "@base | (arch = aarch64 -> {agent@2.1.0, web} at -10)",
	"ver(label(\"fw\")) >= 1.4.0-rc.1", "num(label(\"slots\")) < -3", "ip in 10.20.0.0/16",
	`name glob "e[a-c]?*" | label("x") not glob "[[]"`, `os =~ "li.*|b" & model !~ "\\Qa"`, `tags contains "gpu" & ip(label("gw")) in 10.0.0.0/8`,
	"heartbeat within 1h30m", `any(deploy: app = "web" & !(since within 5m) | restarts > 3)`, "every(deploy: phase = Running)", `sample(2.5%, "x")`,
	`take(@prod - @canary, 5% by label("site"))`, "take(all, 3)[@arm]", "let x = all", "# a\nlet x = all # b\nlet y = @x[\narch = x86_64]\n@x - @y by arch", `@prod by arch, os show name sort name desc limit 20`,
	"@a | @b - @c", "!arch = x", "((((", "{a[1-", `"\x`, "@a[@b", "a -> {", "é", "has(label(", "{a[0-99999999]}",
}

// FuzzParse checks that Parse never panics, that its spans lie in the text and that what
// it accepts survives printing.
func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x, err := selectors.Parse(text)
		if long(x) {
			return // right, but not within the time that a try may take
		}
		statement(t, text)
		script(t, text)
		if err != nil {
			var list selectors.Errors
			if !errors.As(err, &list) || len(list) == 0 || len(list) > 5 {
				t.Fatalf("Parse(%q) fails with %#v", text, err)
			}
			for _, e := range list {
				if e.At.Start < 0 || e.At.End < e.At.Start || e.At.End > len(text) {
					t.Fatalf("Parse(%q): span %v lies outside", text, e.At)
				}
			}
			return
		}
		canonical := selectors.Print(x)
		y, err := selectors.Parse(canonical)
		if err != nil {
			t.Fatalf("Parse(%q) prints as %q, which fails: %v", text, canonical, err)
		}
		if !selectors.Same(x, y) {
			t.Fatalf("Parse(%q) prints as %q, which is another tree", text, canonical)
		}
		if again := selectors.Print(y); again != canonical {
			t.Fatalf("%q prints as %q", canonical, again)
		}
		selectors.Bind(x, selectors.Scope{}) // must not panic
	})
}

// long reports whether a nodeset of the expression has very many names.
func long(x selectors.Expr) bool {
	if x == nil {
		return false
	}
	n, ok := x.(selectors.Nodes)
	return ok && len(n.Names) > 100_000 || slices.ContainsFunc(selectors.Children(x), long)
}

// statement checks that what ParseStatement accepts survives printing.
func statement(t *testing.T, text string) {
	s, err := selectors.ParseStatement(text)
	if err != nil {
		return
	}
	canonical := selectors.PrintStatement(s)
	back, err := selectors.ParseStatement(canonical)
	if err != nil || !selectors.SameStatement(s, back) || selectors.PrintStatement(back) != canonical {
		t.Fatalf("ParseStatement(%q) prints as %q, which is read otherwise: %v", text, canonical, err)
	}
	if q, ok := s.(selectors.Query); ok {
		selectors.BindQuery(q, selectors.Scope{}) // must not panic
	}
}

// script checks that a query is a script without names, whose meaning is the query's.
func script(t *testing.T, text string) {
	read, err := selectors.ParseScript(text)
	if err == nil {
		selectors.BindScript(read, selectors.Scope{}) // must not panic
	}
	s, wrong := selectors.ParseStatement(text)
	q, ok := s.(selectors.Query)
	if wrong == nil && ok && (err != nil || len(read.Lets) > 0 || !selectors.SameStatement(read.Query, q)) {
		t.Fatalf("ParseScript(%q) is not the query: %v", text, err)
	}
}

// FuzzNodes checks that what ExpandNodes accepts folds back to the same names.
func FuzzNodes(f *testing.F) {
	for _, s := range []string{"edge[001-100],gw7", "rack[1-2]n[1-8]", "a[0-9/3]b[08-12,1]", "7", "a[1-010]", "[01-3]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, err := selectors.ExpandNodes(text)
		if err != nil || len(names) > 100_000 {
			return
		}
		folded := selectors.Fold(names)
		back, err := selectors.ExpandNodes(folded)
		if err != nil || !slices.Equal(names, back) {
			t.Fatalf("%q folds as %q, which gives %.200q, %v", text, folded, back, err)
		}
	})
}
