package importers_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/musterfleet/muster/selectors"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

// TestGolden reads testdata/LANGUAGE.txt: a text at the start of a line, and indented what it
// becomes, or where and why it is refused.
func TestGolden(t *testing.T) {
	for _, l := range languages() {
		t.Run(l.name, func(t *testing.T) {
			name := "testdata/" + l.name + ".txt"
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var have strings.Builder
			for line := range strings.Lines(string(b)) {
				switch {
				case strings.HasPrefix(line, "    "): // what was answered before
				case strings.TrimSpace(line) == "" || line[0] == '#':
					have.WriteString(line)
				default:
					text := strings.TrimSuffix(line, "\n")
					have.WriteString(line + "    " + answer(t, l, text) + "\n")
				}
			}
			if have.String() == string(b) {
				return
			}
			if !*update {
				t.Fatalf("%s is now\n%s", name, have.String())
			}
			if err := os.WriteFile(name, []byte(have.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func answer(t *testing.T, l language, text string) string {
	t.Helper()
	x, err := l.translate(text)
	if err == nil {
		wellFormed(t, x)
		return selectors.Print(x)
	}
	var places selectors.Errors
	if !errors.As(err, &places) {
		t.Fatalf("%q fails with %#v", text, err)
	}
	e := places[0]
	return fmt.Sprintf("error at %q: %s", text[e.At.Start:e.At.End], e.Error())
}
