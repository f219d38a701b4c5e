package proofs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	longComment = 30  // lines: a package comment is one screen
	longFile    = 400 // lines: look twice
	tooLongFile = 600 // lines: split
)

// checkPackageComment looks for the one comment that says what a package is for.
// The files are those of one package, by name, without tests.
func checkPackageComment(folder string, files map[string]string) ([]string, error) {
	var bad, commented []string
	for name, source := range files {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path.Join(folder, name), source, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return nil, err
		}
		if f.Doc == nil {
			continue
		}
		commented = append(commented, name)
		if n := linesOf(fset, f.Doc); n > longComment {
			bad = append(bad, fmt.Sprintf("%s: package comment of %d lines, at most %d fit on a screen", path.Join(folder, name), n, longComment))
		}
	}
	slices.Sort(commented)
	if len(commented) == 0 {
		bad = append(bad, folder+": no package comment; say in doc.go what it is for")
	}
	if len(commented) > 1 {
		bad = append(bad, fmt.Sprintf("%s: package comment in %s; one file speaks for a package", folder, strings.Join(commented, " and ")))
	}
	return bad, nil
}

func linesOf(fset *token.FileSet, c *ast.CommentGroup) int {
	return fset.Position(c.End()).Line - fset.Position(c.Pos()).Line + 1
}

func TestPackageComments(t *testing.T) {
	for _, p := range listPackages(t, "./...") {
		if len(p.goFiles) == 0 {
			continue // tests only
		}
		folder := strings.TrimPrefix(p.path, "./")
		files := map[string]string{}
		for _, name := range p.goFiles {
			files[name] = readSource(t, path.Join(folder, name))
		}
		bad, err := checkPackageComment(folder, files)
		if err != nil {
			t.Error(err)
		}
		for _, v := range bad {
			t.Error(v)
		}
	}
}

func TestPackageCommentsCatchPlanted(t *testing.T) {
	const clause = "package x\n"
	cases := []struct {
		files map[string]string
		want  string
	}{
		{map[string]string{"a.go": clause}, "no package comment"},
		{map[string]string{"a.go": "// Not attached.\n\n" + clause}, "no package comment"},
		{map[string]string{"a.go": "// Package x.\n" + clause, "b.go": clause}, ""},
		{map[string]string{"a.go": "// Package x.\n" + clause, "b.go": "// Package x.\n" + clause}, "a.go and b.go"},
		{map[string]string{"a.go": strings.Repeat("// Package x.\n", 30) + clause}, ""},
		{map[string]string{"a.go": strings.Repeat("// Package x.\n", 31) + clause}, "31 lines"},
	}
	for _, c := range cases {
		bad, err := checkPackageComment("x", c.files)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(bad, "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.files, got, c.want)
		}
	}
}

func TestFileSizes(t *testing.T) {
	for _, file := range goSources(t) {
		switch n := strings.Count(readSource(t, file), "\n"); {
		case n > tooLongFile:
			t.Errorf("%s: %d lines, over %d; split it by idea", file, n, tooLongFile)
		case n > longFile:
			t.Logf("note: %s has %d lines, over %d; look twice", file, n, longFile)
		}
	}
}
