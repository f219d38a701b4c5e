package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/policies"
	"github.com/musterfleet/muster/policies/cel"
	"github.com/musterfleet/muster/policies/rego"
)

// compile makes gates of Policy documents, each by the engine of its language. Those in Rego
// read data.
func compile(list []algebra.Policy, data map[string]any) (policies.Gates, diag.List) {
	var inRego, others []algebra.Policy
	for _, p := range list {
		if p.Language == "rego" {
			inRego = append(inRego, p)
		} else {
			others = append(others, p) // a language nobody knows is an error of the CEL engine
		}
	}
	gates, problems := cel.Compile(others)
	more, found := rego.CompileDocuments(inRego, data)
	return append(gates, more...), append(problems, found...)
}

// readModules are the Rego modules of a directory, under names the caller could open.
func readModules(dir string) ([]rego.Module, error) {
	modules, err := rego.Read(os.DirFS(dir))
	for i := range modules {
		modules[i].File = filepath.Join(dir, modules[i].File)
	}
	return modules, err
}

// compileModules makes gates of modules, which are compiled together.
func compileModules(s rego.Set) (policies.Gates, diag.List) {
	if len(s.Modules) == 0 {
		return nil, nil
	}
	return rego.Compile(s)
}

// testModules runs the _test.rego files of a directory on its modules.
func testModules(j judging) ([]rego.Tested, []string, diag.List) {
	modules, err := readModules(j.dir)
	tests, more := rego.ReadTests(os.DirFS(j.dir))
	data, unread := j.readData(nil)
	if err := errors.Join(err, more, unread); err != nil {
		return nil, nil, asList(err)
	}
	if len(tests) == 0 {
		return nil, nil, nil
	}
	for i := range tests {
		tests[i].File = filepath.Join(j.dir, tests[i].File)
	}
	return rego.Test(rego.Set{Modules: modules, Data: data}, tests)
}

// hasDocuments reports whether a directory has YAML files.
func hasDocuments(dir string) bool {
	found := false
	_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error { // who reads them tells errors
		if err == nil && !d.IsDir() && (filepath.Ext(p) == ".yaml" || filepath.Ext(p) == ".yml") {
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found
}
