package identity_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// makers lists what else than Admit makes a Principal that is somebody, or changes one. Its fields are
// private, so that it can only be in this package.
func makers(files map[string]string) (found []string, admits int) {
	fields := map[string]bool{"user": true, "issuer": true, "device": true, "grants": true, "until": true}
	set := token.NewFileSet()
	for name, source := range files {
		var text any
		if source != "" {
			text = source
		}
		f, err := parser.ParseFile(set, name, text, 0)
		if err != nil {
			return []string{err.Error()}, 0
		}
		for _, d := range f.Decls {
			what := "a variable"
			if fn, ok := d.(*ast.FuncDecl); ok {
				what = fn.Name.Name
				if fn.Recv != nil && receives(fn, "Principal") && (pointer(fn) || strings.HasPrefix(what, "Unmarshal")) {
					found = append(found, what+" can change a Principal")
				}
			}
			ast.Inspect(d, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CompositeLit:
					if id, ok := n.Type.(*ast.Ident); ok && id.Name == "Principal" && len(n.Elts) > 0 {
						if what == "Admit" {
							admits++
						} else {
							found = append(found, what+" makes a Principal")
						}
					}
				case *ast.AssignStmt:
					for _, to := range n.Lhs {
						if s, ok := to.(*ast.SelectorExpr); ok && fields[s.Sel.Name] && what != "Admit" {
							found = append(found, what+" sets "+s.Sel.Name)
						}
					}
				}
				return true
			})
		}
	}
	return found, admits
}

func receives(fn *ast.FuncDecl, name string) bool {
	return strings.Contains(fmt.Sprint(fn.Recv.List[0].Type), name)
}

func pointer(fn *ast.FuncDecl) bool {
	star, ok := fn.Recv.List[0].Type.(*ast.StarExpr)
	return ok && fmt.Sprint(star.X) == "Principal"
}

func sources(t *testing.T) map[string]string {
	t.Helper()
	all, err := filepath.Glob("*.go")
	must(t, err)
	files := map[string]string{}
	for _, name := range all {
		if !strings.HasSuffix(name, "_test.go") {
			files[name] = ""
		}
	}
	return files
}

func TestOnlyAdmitMakesPrincipals(t *testing.T) {
	found, admits := makers(sources(t))
	for _, f := range found {
		t.Error(f)
	}
	if admits == 0 {
		t.Error("Admit makes none: the rule holds of nothing")
	}
}

func TestOnlyAdmitLawSeesOtherMakers(t *testing.T) {
	for name, source := range map[string]string{
		"a function": "package identity\nfunc Root() Principal { return Principal{user: UserID{\"root\"}} }",
		"a variable": "package identity\nvar root = Principal{grants: []Grant{{Role: Operator}}}",
		"a setter":   "package identity\nfunc (p *Principal) Promote() { p.grants = nil }",
		"a decoder":  "package identity\nfunc (p *Principal) UnmarshalJSON(b []byte) error { return nil }",
		"a copy":     "package identity\nfunc With(p Principal, d string) Principal { p.device = d; return p }",
	} {
		files := sources(t)
		files["planted.go"] = source
		if found, _ := makers(files); len(found) == 0 {
			t.Errorf("%s: the law does not see it", name)
		}
	}
}
