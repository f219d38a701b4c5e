package policies_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/musterfleet/muster/planner"
	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

// makers lists the functions of a package's files that can put something into an Approved:
// by a literal with fields, by setting a field, or by new memory that is filled later.
func makers(t *testing.T, files map[string]string) []string {
	t.Helper()
	var found []string
	for name, source := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			where := name + ": a declaration"
			if fn, ok := d.(*ast.FuncDecl); ok {
				where = name + ": " + fn.Name.Name
			}
			ast.Inspect(d, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CompositeLit:
					if id, ok := n.Type.(*ast.Ident); ok && id.Name == "Approved" && len(n.Elts) > 0 {
						found = append(found, where)
					}
				case *ast.AssignStmt:
					for _, left := range n.Lhs {
						if s, ok := left.(*ast.SelectorExpr); ok && (s.Sel.Name == "digest" || s.Sel.Name == "kept") {
							found = append(found, where)
						}
					}
				case *ast.CallExpr:
					if fn, ok := n.Fun.(*ast.Ident); ok && fn.Name == "Approved" {
						found = append(found, where) // a conversion
					}
				}
				return true
			})
		}
	}
	return found
}

func sources(t *testing.T) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") {
			b, err := os.ReadFile(e.Name())
			if err != nil {
				t.Fatal(err)
			}
			files[e.Name()] = string(b)
		}
	}
	return files
}

func TestOnlyReviewMakesApproved(t *testing.T) {
	if got := slices.Sorted(slices.Values(makers(t, sources(t)))); !slices.Equal(got, []string{"reopen.go: Reopen", "review.go: Review"}) {
		t.Errorf("made in %v, want in review.go: Review, and in reopen.go: Reopen, which takes what was signed", got)
	}
	typ := reflect.TypeFor[policies.Approved]()
	for i := range typ.NumField() {
		if f := typ.Field(i); f.IsExported() {
			t.Errorf("field %s is exported: anybody could set it", f.Name)
		}
	}
	for _, way := range []reflect.Type{reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[interface{ UnmarshalText([]byte) error }]()} {
		if reflect.PointerTo(typ).Implements(way) {
			t.Errorf("Approved has a back door: %s", way)
		}
	}
}

func TestOnlyReviewMakesApprovedCatchesPlantedMakers(t *testing.T) {
	for _, planted := range []string{
		"func Force(p Plan) Approved { return Approved{plan: p} }",
		"var always = Approved{digest: d}",
		"func (a *Approved) Allow() { a.digest = d }",
		"func Cast(x looksAlike) Approved { return Approved(x) }",
	} {
		if len(makers(t, map[string]string{"planted.go": "package policies\n" + planted})) == 0 {
			t.Errorf("not seen: %s", planted)
		}
	}
}

func TestZeroApprovedHoldsNoPlan(t *testing.T) {
	var a policies.Approved
	if !a.IsZero() || !a.Plan().IsEmpty() || !a.Digest().IsZero() || a.Reverses("c1") {
		t.Errorf("the zero Approved allows something: %+v", a)
	}
}

// What was approved does not change when the caller's own values do.
func TestApprovedIsBoundToThePlan(t *testing.T) {
	p := pt.Upgrade(t)
	gates := policies.Gates{pt.Gate(t, "ok", "action", "deny", pt.Always)}
	approved, report := policies.Review(p, gates, policies.Options{AllowStop: 1})
	if approved.IsZero() {
		t.Fatal(report.Text(false))
	}
	want := approved.Plan().Changes[0]
	for i := range p.Plan.Changes {
		p.Plan.Changes[i] = planner.Change{}
	}
	taken := approved.Plan()
	taken.Changes[0] = planner.Change{}
	clear(taken.Base)
	if got := approved.Plan(); !reflect.DeepEqual(got.Changes[0], want) || len(got.Base) != 6 {
		t.Error("the approved plan changed with the caller's")
	}
	if file := approved.File(); file.Digest() != approved.Digest() || report.File.Digest() != approved.Digest() {
		t.Error("the digest is not that of the plan file")
	}
	again := pt.Upgrade(t)
	again.Now, again.Request.User = again.Now.Add(5), "bo"
	if b, _ := policies.Review(again, gates, policies.Options{AllowStop: 1}); b.Digest() != approved.Digest() {
		t.Error("who asks, and when, is no part of the digest")
	}
	again.Plan.Changes = again.Plan.Changes[1:]
	if b, _ := policies.Review(again, gates, policies.Options{AllowStop: 1}); b.Digest() == approved.Digest() || b.IsZero() {
		t.Error("another plan has the same digest")
	}
}
