package proofs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pureFolders hold functions of their arguments only. Their tests and *test packages are free.
var pureFolders = []string{"algebra", "selectors", "planner"}

// impureImports are folders of the standard library, with all below them.
var impureImports = map[string]string{
	"os":            "the caller reads files and the environment; worldfile takes an fs.FS",
	"syscall":       "the caller speaks to the system",
	"io/ioutil":     "the caller reads files; worldfile takes an fs.FS",
	"path/filepath": "it reads the disk and depends on the system; path does what a value needs",
	"net":           "the core has no network; net/netip is allowed",
	"log":           "what happened is in the value returned",
	"context":       "a pure function is not cancelled",
	"math/rand":     "chance enters as an argument: a seed",
	"crypto/rand":   "chance enters as an argument: a seed",
	"sync":          "values are immutable, so there is nothing to lock",
}

var pureExceptions = []string{"net/netip"}

// impureCalls are functions of packages that are otherwise pure.
var impureCalls = map[string][]string{
	"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local", "LoadLocation"},
	"fmt":  {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
}

// shardHelper is the one file that may start goroutines; none of them outlives its call.
const shardHelper = "algebra/shard.go"

// checkPurity lists what makes a source file of the core depend on more than its arguments.
func checkPurity(file, source string) ([]string, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var bad []string
	report := func(at token.Pos, format string, args ...any) {
		p := fset.Position(at)
		bad = append(bad, fmt.Sprintf("%s:%d: %s", file, p.Line, fmt.Sprintf(format, args...)))
	}
	watched := map[string]string{} // local name -> import path with impure calls
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		for folder, why := range impureImports {
			if under(imported, folder) && !slices.Contains(pureExceptions, imported) {
				report(spec.Pos(), "imports %s: %s", imported, why)
			}
		}
		if _, ok := impureCalls[imported]; ok {
			name := path.Base(imported)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			if name == "." {
				report(spec.Pos(), "imports %s into its own scope: its calls could not be told apart", imported)
			}
			watched[name] = imported
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if file != shardHelper {
				report(n.Pos(), "starts a goroutine: only %s may", shardHelper)
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && slices.Contains(impureCalls[watched[x.Name]], n.Sel.Name) {
				report(n.Pos(), "uses %s.%s: time enters as an argument, and text is returned", watched[x.Name], n.Sel.Name)
			}
		}
		return true
	})
	return bad, nil
}

func isPure(file string) bool {
	return !strings.HasSuffix(file, "_test.go") && !isTestPackage("./"+path.Dir(file)) &&
		slices.ContainsFunc(pureFolders, func(folder string) bool { return under(file, folder) })
}

func TestPurity(t *testing.T) {
	checked := 0
	for _, file := range goSources(t) {
		if !isPure(file) {
			continue
		}
		checked++
		bad, err := checkPurity(file, readSource(t, file))
		if err != nil {
			t.Error(err)
		}
		for _, v := range bad {
			t.Error(v)
		}
	}
	if checked == 0 {
		t.Fatal("no file of the core was read: the rule would hold of nothing")
	}
}

func TestPurityCatchesPlantedSources(t *testing.T) {
	cases := []struct{ file, imports, body, want string }{
		{"algebra/x.go", `"os"`, ``, "algebra/x.go:3: imports os:"},
		{"algebra/x.go", `"os/exec"`, ``, "imports os/exec"},
		{"algebra/x.go", `"net"`, ``, "imports net:"},
		{"algebra/x.go", `"net/http"`, ``, "imports net/http"},
		{"algebra/x.go", `"net/netip"`, ``, ""},
		{"algebra/x.go", `"io/fs"`, ``, ""},
		{"algebra/x.go", `"log/slog"`, ``, "imports log/slog"},
		{"planner/x.go", `"context"`, ``, "imports context"},
		{"planner/x.go", `r "math/rand/v2"`, ``, "imports math/rand/v2"},
		{"planner/x.go", `"crypto/rand"`, ``, "imports crypto/rand"},
		{"planner/x.go", `"crypto/sha256"`, ``, ""},
		{"planner/x.go", `"sync"`, ``, "imports sync:"},
		{"planner/x.go", `"sync/atomic"`, ``, "imports sync/atomic"},
		{"planner/x.go", `"time"`, `var now = time.Now()`, "uses time.Now"},
		{"planner/x.go", `clock "time"`, `var now = clock.Now`, "uses time.Now"},
		{"planner/x.go", `. "time"`, `var now = Now()`, "into its own scope"},
		{"planner/x.go", `"time"`, `func f() { <-time.After(time.Second) }`, "uses time.After"},
		{"planner/x.go", `"time"`, `func f(t time.Time) time.Time { return t.Add(time.Hour) }`, ""},
		{"selectors/x.go", `"fmt"`, `func f() { fmt.Println() }`, "uses fmt.Println"},
		{"selectors/x.go", `"fmt"`, `func f() string { return fmt.Sprint() }`, ""},
		{"algebra/x.go", `"fmt"`, `func f() { go f() }`, "starts a goroutine"},
		{shardHelper, `"fmt"`, `func f() { go f() }`, ""},
	}
	for _, c := range cases {
		source := "package x\n\nimport " + c.imports + "\n\n" + c.body + "\n"
		bad, err := checkPurity(c.file, source)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(bad, "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: import %s %s\n got %q\nwant %q", c.file, c.imports, c.body, got, c.want)
		}
	}
	for file, want := range map[string]bool{
		"algebra/fleet.go":            true,
		"algebra/worldfile/load.go":   true,
		"algebra/laws_test.go":        false,
		"algebra/algebratest/gen.go":  false,
		"executor/wire/token.go":      false,
		"selectors/analysis/split.go": true,
	} {
		if isPure(file) != want {
			t.Errorf("isPure(%s) = %t", file, !want)
		}
	}
}
