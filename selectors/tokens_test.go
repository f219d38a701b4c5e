package selectors_test

import (
	"testing"

	"github.com/musterfleet/muster/selectors"
)

// Tokens come in order, do not overlap, and leave out only blanks, whatever the text.
func TestTokensCoverTheText(t *testing.T) {
	for _, text := range []string{"", " ", `@prod[arch = aarch64] - {edge[001-003]}`, `label("ring`, "a $ b", "@", "\"\n\"", "é & \xff"} {
		end := 0
		for _, token := range selectors.Tokens(text) {
			if token.At.Start < end || token.At.End <= token.At.Start {
				t.Errorf("%q: token %v after byte %d", text, token, end)
			}
			for _, c := range text[end:token.At.Start] {
				if c != ' ' && c != '\n' {
					t.Errorf("%q: %q is in no token", text, c)
				}
			}
			end = token.At.End
		}
	}
	got := selectors.Tokens(`label("ring") != @x`)
	want := []selectors.TokenKind{selectors.WordToken, selectors.SignToken, selectors.StringToken, selectors.SignToken, selectors.SignToken, selectors.NameToken}
	if len(got) != len(want) {
		t.Fatalf("got %d tokens, want %d: %v", len(got), len(want), got)
	}
	for i, token := range got {
		if token.Kind != want[i] {
			t.Errorf("token %d is %v, want kind %d", i, token, want[i])
		}
	}
}
