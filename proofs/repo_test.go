package proofs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/musterfleet/muster"

// root is the repository's top folder. Tests run in their own package's folder.
const root = ".."

// pkg is what the rules need to know of one package. Paths inside the module are relative to it.
type pkg struct {
	path        string
	goFiles     []string
	imports     []string
	testImports []string
}

// goTool runs the go command in the repository as `make build` does: for linux/amd64, without
// cgo and with the tags the podman bindings need. Its answers then do not depend on who asks.
func goTool(args ...string) ([]byte, error) {
	// What a child process reads is unknown to the test cache. Reading go.mod here, and every
	// source in TestFileSizes, makes the cache forget these tests when an answer may change.
	if _, err := os.ReadFile(filepath.Join(root, "go.mod")); err != nil {
		return nil, err
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64",
		"GOFLAGS=-buildvcs=false -tags=remote,containers_image_openpgp")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, exit.Stderr)
	}
	return out, err
}

// listPackages reads the package graph. Flags, such as an overlay, come before the patterns.
func listPackages(t *testing.T, args ...string) []pkg {
	t.Helper()
	fields := "-json=ImportPath,GoFiles,Imports,TestImports,XTestImports"
	out, err := goTool(append([]string{"list", fields}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	var pkgs []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath                                  string
			GoFiles, Imports, TestImports, XTestImports []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, pkg{
			path:        relative(p.ImportPath),
			goFiles:     p.GoFiles,
			imports:     relativeAll(p.Imports),
			testImports: relativeAll(append(p.TestImports, p.XTestImports...)),
		})
	}
}

// relative writes a path of this module as ./algebra, so that it cannot be taken for a foreign one.
func relative(importPath string) string {
	if rest, ok := strings.CutPrefix(importPath, module); ok && (rest == "" || rest[0] == '/') {
		return "." + rest
	}
	return importPath
}

func relativeAll(paths []string) []string {
	var out []string
	for _, p := range paths {
		out = append(out, relative(p))
	}
	return out
}

// under tells whether a path is the folder or lies in it.
func under(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// goSources lists the Go files of the repository by path relative to root. Folders that are
// modules of their own, hidden or called testdata are left out.
func goSources(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path == root {
				return nil
			}
			_, noModule := os.Stat(filepath.Join(path, "go.mod"))
			if noModule == nil || d.Name() == "testdata" || d.Name() == "bin" || strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(path, ".go") {
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			files = append(files, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func readSource(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
