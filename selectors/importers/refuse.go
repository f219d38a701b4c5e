package importers

import (
	"strings"
	"unicode/utf8"

	"github.com/musterfleet/muster/selectors"
)

// refuse is the error of a text whose part from start to end has no exact counterpart, or is
// none of its language at all.
func refuse(start, end int, message, hint string) error {
	return selectors.Errors{{At: selectors.Span{Start: start, End: end}, Message: message, Hint: hint}}
}

// longest is how many bytes of text are read: more than any tool is given by hand.
const longest = 1 << 20

// readable refuses what no tool here takes as text.
func readable(s string) error {
	switch at := strings.IndexByte(s, 0); {
	case len(s) > longest:
		return refuse(0, 0, "an expression of more than a mebibyte", "split it")
	case at >= 0:
		return refuse(at, at+1, "a zero byte in an expression", "remove it")
	case !utf8.ValidString(s):
		return refuse(0, len(s), "the text is not valid UTF-8", "")
	}
	return nil
}

// sayable gives the expression as it is read back, if that is the same. It is not where it
// nests too deep, or where a name cannot be written.
func sayable(source string, t term) (selectors.Expr, error) {
	t.x = written(t.x)
	back, err := selectors.Parse(selectors.Print(t.x))
	if err != nil {
		return nil, refuse(0, len(source), "muster's language cannot say this: "+err.Error(), "")
	}
	if !selectors.Same(back, t.x) {
		return nil, refuse(0, len(source), "muster's language says this otherwise", "split the expression")
	}
	return back, nil
}

// written has none for an empty list of nodes, which cannot be written.
func written(x selectors.Expr) selectors.Expr {
	switch x := x.(type) {
	case selectors.Nodes:
		if len(x.Names) == 0 {
			return selectors.Universe{Empty: true}
		}
	case selectors.Binary:
		x.L, x.R = written(x.L), written(x.R)
		return x
	case selectors.Filter:
		x.X = written(x.X)
		return x
	case selectors.Const, selectors.Compare, selectors.In, selectors.Glob, selectors.Contains, selectors.Has, selectors.Within, selectors.Quant, selectors.Sample, selectors.Not, selectors.Name, selectors.Universe, selectors.Take, selectors.Rule: // no nodes in them
	}
	return x
}
