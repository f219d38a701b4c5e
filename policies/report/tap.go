package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// writeTAP writes TAP 14, which readers of TAP 13 read too. A warning is a test that is not
// ok and need not be (TODO); a waived one is skipped.
func writeTAP(to io.Writer, g Gate) error {
	tests := g.tests()
	var b strings.Builder
	fmt.Fprintf(&b, "TAP version 14\n1..%d\n", len(tests))
	for i, t := range tests {
		word, directive := "ok", ""
		switch r := t.result; {
		case r == nil:
		case r.Waiver != "":
			directive = " # SKIP " + tapText(g.WaiverText(r.Waiver))
		case t.fails(g):
			word = "not ok"
		default:
			word, directive = "not ok", " # TODO "+r.Level.String()
		}
		fmt.Fprintf(&b, "%s %d - %s%s\n", word, i+1, tapText(t.name()), directive)
		if r := t.result; r != nil {
			fmt.Fprintf(&b, "  ---\n  level: %s\n  message: %s\n", r.Level, strconv.Quote(oneLine(r.Msg)))
			if r.Loc.File != "" {
				fmt.Fprintf(&b, "  at: %s\n", strconv.Quote(fmt.Sprintf("%s:%d", r.Loc.File, r.Loc.Line)))
			}
			if r.Policy.File != "" {
				fmt.Fprintf(&b, "  policy: %s\n", strconv.Quote(r.Policy.String()))
			}
			b.WriteString("  ...\n")
		}
	}
	_, err := io.WriteString(to, b.String())
	return err
}

// tapText cannot begin a directive.
func tapText(s string) string {
	return strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(oneLine(s))
}
