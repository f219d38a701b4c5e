package selectors_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

// TestMistakes checks that each code is explained by an example that has just that mistake,
// and by one that has none.
func TestMistakes(t *testing.T) {
	v := selectorstest.Vocabulary{Labels: map[string][]string{"ring": nil, "slots": nil}, Versions: map[string][]string{"agent": {"2.1.0"}}}
	read := func(text string) error {
		x, err := selectors.Parse(text)
		if err == nil {
			_, err = selectors.Bind(x, v.Scope())
		}
		return err
	}
	last := selectors.Code("")
	for _, m := range selectors.Mistakes() {
		if m.Code <= last {
			t.Errorf("%s follows %s", m.Code, last)
		}
		last = m.Code
		if m.Title == "" || !strings.HasSuffix(m.About, ".") {
			t.Errorf("%s is not explained: %q, %q", m.Code, m.Title, m.About)
		}
		var list selectors.Errors
		if err := read(m.Wrong); !errors.As(err, &list) || slices.ContainsFunc(list, func(e *selectors.Error) bool { return e.Code != m.Code }) {
			t.Errorf("%s: %s gives %v", m.Code, m.Wrong, err)
		}
		if err := read(m.Right); err != nil {
			t.Errorf("%s: %s gives %v", m.Code, m.Right, err)
		}
	}
}
