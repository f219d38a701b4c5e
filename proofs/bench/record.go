package bench

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Section is one heading of BENCH.md.
type Section struct {
	Title string
	// File is another file of proofs to write, and Command what writes it: not make bench.
	File, Command string
	// Text says what was measured against what, and which target that has.
	Text string
	// Rows are a table, its heads first.
	Rows [][]string
}

// Record writes the section into proofs/BENCH.md in the place of that with the same title, or at
// the end, and below it how to run it again. A value that misses its target is for the caller to
// report: it is written all the same. MUSTER_BENCH_FILE names another file to write.
func Record(t *testing.T, s Section) {
	t.Helper()
	_, self, _, _ := runtime.Caller(0)
	file := cmp.Or(os.Getenv("MUSTER_BENCH_FILE"), filepath.Join(filepath.Dir(self), "..", cmp.Or(s.File, "BENCH.md")))
	have, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	text := s.markdown(t.Name(), time.Now(), machine())
	if err := os.WriteFile(file, []byte(replaced(string(have), s.Title, text)), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + text)
}

const preface = `# Measurements

What muster promises of speed, as measured. Each section is written by the test it names, which
measures what it compares side by side in one process; ` + "`make bench`" + ` runs them all.

`

func (s Section) markdown(test string, at time.Time, machine string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n\n", s.Title, strings.TrimSpace(s.Text))
	for i, row := range s.Rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}
	fmt.Fprintf(&b, "\n`%s`, %s, %s\n\n", cmp.Or(s.Command, "make bench BENCH="+test), at.UTC().Format(time.DateOnly), machine)
	return b.String()
}

// replaced puts a section in the place of that with its title.
func replaced(have, title, section string) string {
	if have == "" {
		have = preface
	}
	heading := "## " + title + "\n"
	start := strings.Index(have, heading)
	if start < 0 {
		return have + section
	}
	rest := have[start+len(heading):]
	if end := strings.Index(rest, "\n## "); end >= 0 {
		return have[:start] + section + rest[end+1:]
	}
	return have[:start] + section
}

// machine says what the numbers were measured on.
func machine() string {
	model := runtime.GOARCH
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if name, ok := strings.CutPrefix(lines.Text(), "model name"); ok {
				model = strings.TrimLeft(name, "\t :")
				break
			}
		}
	}
	return fmt.Sprintf("%s with %d CPUs%s, %s", model, runtime.NumCPU(), load(), runtime.Version())
}

// load says how many wanted a CPU in the last five minutes, where that is more than there are: then times
// are upper bounds.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return ""
	}
	wanted, err := strconv.ParseFloat(fields[1], 64)
	if err != nil || wanted <= float64(runtime.NumCPU()) {
		return ""
	}
	return fmt.Sprintf(" at a load of %.0f", wanted)
}
