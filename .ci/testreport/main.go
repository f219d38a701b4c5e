// Command testreport turns `go test -json` into what a person reads: a line per package, the
// whole output of a test that failed, the reason of a test that was skipped, lines a test
// marked with "note:", and last of all
//
//	N passed, N failed, N skipped
//
// Subtests count as tests. A package that fails by itself, such as one that does not
// compile, counts as one failure. The exit code is 1 if anything failed or nothing ran. The
// packages that failed are written to the file that is its argument, one a line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// logged is a note that a test logs: t.Log("note: …"), and not what a program under test says.
var logged = regexp.MustCompile(`_test\.go:\d+: note: (.*)`)

func main() {
	var packages strings.Builder
	code := run(os.Stdin, os.Stdout, &packages)
	if len(os.Args) > 1 {
		if err := os.WriteFile(os.Args[1], []byte(packages.String()), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "testreport:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// event is a line of `go test -json`, see `go doc test2json`.
type event struct {
	Action, Package, Test, Output string
}

// subject is a test, or a package where test is empty.
type subject struct{ pkg, test string }

func run(in io.Reader, out, packages io.Writer) int {
	var passed, failed, skipped int
	output := map[subject][]string{}
	failedIn := map[string]int{}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line == "" && err != nil {
			break
		}
		var e event
		if json.Unmarshal([]byte(line), &e) != nil {
			fmt.Fprint(out, line) // the go command's own words, such as a download
			continue
		}
		s := subject{e.Package, e.Test}
		switch e.Action {
		case "output":
			if e.Test == "" && (strings.HasPrefix(e.Output, "ok ") || strings.HasPrefix(e.Output, "FAIL\t")) {
				fmt.Fprint(out, e.Output)
				continue
			}
			output[s] = append(output[s], e.Output)
			if m := logged.FindStringSubmatch(e.Output); m != nil {
				fmt.Fprintf(out, "      note: %s\n", m[1])
			}
		case "build-output":
			fmt.Fprint(out, e.Output)
		case "pass":
			if e.Test != "" {
				passed++
			}
			delete(output, s)
		case "skip":
			if e.Test != "" {
				skipped++
				fmt.Fprintf(out, "SKIP  %s %s\n", e.Package, e.Test)
				show(out, output[s])
			}
			delete(output, s)
		case "fail":
			if e.Test != "" {
				failedIn[e.Package]++
			} else {
				fmt.Fprintln(packages, e.Package)
			}
			if e.Test != "" || failedIn[e.Package] == 0 {
				failed++
				fmt.Fprintln(out, strings.TrimRight("FAIL  "+e.Package+" "+e.Test, " "))
				show(out, output[s])
			}
			delete(output, s)
		}
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 || passed == 0 {
		return 1
	}
	return 0
}

// show prints what a test said, without the frame the go command puts around it.
func show(out io.Writer, lines []string) {
	for _, l := range lines {
		text := strings.TrimLeft(l, " ")
		if !strings.HasPrefix(text, "=== ") && !strings.HasPrefix(text, "--- ") {
			fmt.Fprint(out, "  ", l)
		}
	}
}
