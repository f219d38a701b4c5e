package rego

import (
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/musterfleet/muster/internal/diag"
)

// Set is policies and the data they read, not compiled yet.
type Set struct {
	Modules []Module
	// Data is the document they read as data, apart from what the modules define.
	Data map[string]any
}

// Module is one file of a policy set.
type Module struct{ File, Text string }

// maxModule is how large a module may be, in bytes.
const maxModule = 4 << 20

// Read finds the modules of a directory: every .rego file in it and below, but for tests
// (_test.rego) and what is hidden.
func Read(fsys fs.FS) ([]Module, error) {
	return find(fsys, func(name string) bool { return !strings.HasSuffix(name, "_test.rego") })
}

// content reads a file that is not larger than most.
func content(fsys fs.FS, p string, most int64) ([]byte, error) {
	in, err := fsys.Open(p)
	if err != nil {
		return nil, err
	}
	defer in.Close() // it was only read
	b, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && int64(len(b)) > most {
		err = &fs.PathError{Op: "read", Path: p, Err: errors.New("the file is too large")}
	}
	return b, err
}

// failure is a diagnostic about a file.
func failure(file string, err error) diag.Diagnostic {
	return diag.Diagnostic{Severity: diag.Error, File: file, Message: err.Error()}
}
