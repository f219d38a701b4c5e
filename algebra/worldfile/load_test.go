package worldfile_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/musterfleet/muster/algebra/worldfile"
)

const fleet = "apiVersion: muster.fleet/v1alpha1\nkind: Fleet\nmetadata: {name: a}\nspec: {expression: '%s'}\n"

// TestLoadReadsForeignLines: a byte order mark and lines that end in CR LF change neither the
// World nor where an error is.
func TestLoadReadsForeignLines(t *testing.T) {
	foreign := func(text string) fs.FS {
		return fstest.MapFS{"a.yaml": {Data: []byte("\uFEFF" + strings.ReplaceAll(text, "\n", "\r\n"))}}
	}
	if !same(foreign(fmt.Sprintf(fleet, "all")), fstest.MapFS{"a.yaml": {Data: fmt.Appendf(nil, fleet, "all")}}) {
		t.Error("another World")
	}
	_, errs := worldfile.Load(foreign(fmt.Sprintf(fleet, "all - @b")))
	if len(errs) != 1 || errs[0].Place() != "a.yaml:4:27" || strings.Contains(errs[0].SourceLine, "\r") {
		t.Errorf("have %v, want one error at a.yaml:4:27", errs)
	}
}

func TestLoadRefusesFiles(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no UTF-8", "kind: F\xff", "a.yaml:1:8: error: the file is not UTF-8; save it as UTF-8"},
		{"a control character", "kind: \"\x07\"", "a.yaml:1:8: error: the character U+0007 cannot stand in YAML"},
		{"too large", strings.Repeat("# large\n", 2<<20), "a.yaml: error: the file is larger than 8 MiB; split it"},
		{"a bomb", bomb(), "a.yaml:1:4: error: YAML anchors are not allowed; leave &a out"},
		{"too deep for the parser", strings.Repeat("[", 20000), "a.yaml:1:1: error: not YAML: exceeded max depth"},
	} {
		start := time.Now()
		_, errs := worldfile.Load(fstest.MapFS{"a.yaml": {Data: []byte(c.text)}})
		if !strings.HasPrefix(errs.Error(), c.want) {
			t.Errorf("%s: have %.300q, want %q", c.name, errs.Error(), c.want)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: took %v", c.name, took)
		}
	}
}

// bomb is a file whose aliases stand for 10^9 texts.
func bomb() string {
	text := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'j'; c++ {
		before := strings.Repeat(fmt.Sprintf("*%c, ", c-1), 10)
		text += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(before, ", "))
	}
	return text
}

// missingFS lists a file that cannot be opened.
type missingFS struct{ fstest.MapFS }

func (m missingFS) Open(name string) (fs.File, error) {
	if name == "gone.yaml" {
		return nil, fmt.Errorf("open %s: input/output error", name)
	}
	return m.MapFS.Open(name)
}

// TestLoadTellsOfUnreadableFiles: what cannot be read is an error, never a smaller World.
func TestLoadTellsOfUnreadableFiles(t *testing.T) {
	files := fstest.MapFS{"a.yaml": {Data: fmt.Appendf(nil, fleet, "@in-gone")}, "gone.yaml": {}}
	w, errs := worldfile.Load(missingFS{files})
	if want := "gone.yaml: error: open gone.yaml: input/output error"; errs.Error() != want || !isZero(w) {
		t.Errorf("have %v, want %s and no World", errs, want)
	}
}

func TestFormatLeavesCommentsAlone(t *testing.T) {
	const text = "# nothing here yet\n"
	if out, errs := worldfile.Format([]byte(text)); string(out) != text || len(errs) > 0 {
		t.Errorf("have %q, %v", out, errs)
	}
}

// TestLoadIsLinear loads a file of many devices, each with an error to show.
func TestLoadIsLinear(t *testing.T) {
	var b strings.Builder
	const n = 20000
	for i := range n {
		fmt.Fprintf(&b, "---\napiVersion: muster.fleet/v1alpha1\nkind: Device\nmetadata: {name: d%d}\nspec: {labels: {env: prod, site: s%d}, color: x}\n", i, i%100)
	}
	start := time.Now()
	_, errs := worldfile.Load(fstest.MapFS{"a.yaml": {Data: []byte(b.String())}})
	took := time.Since(start)
	t.Logf("%d documents, %d bytes: %v", n, b.Len(), took)
	if len(errs) != n || took > 20*time.Second {
		t.Errorf("%d errors after %v, want %d", len(errs), took, n)
	}
}
