package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/musterfleet/muster/selectors"
)

// codes is the word that lists all codes.
const codes = "codes"

// explainCode says what the code of an error means; false if there is no such code.
func explainCode(w io.Writer, word string) bool {
	if word == codes {
		for _, m := range selectors.Mistakes() {
			fmt.Fprintf(w, "%s  %s\n", m.Code, m.Title)
		}
		return true
	}
	for _, m := range selectors.Mistakes() {
		if !strings.EqualFold(string(m.Code), word) {
			continue
		}
		fmt.Fprintf(w, "%s: %s\n\n%s\n\n", m.Code, m.Title, m.About)
		if m.Wrong != "" {
			fmt.Fprintf(w, "  wrong  %s\n", m.Wrong)
		}
		fmt.Fprintf(w, "  right  %s\n", m.Right)
		return true
	}
	return false
}

// codeWords are what explainCode knows.
func codeWords() []string {
	words := []string{codes}
	for _, m := range selectors.Mistakes() {
		words = append(words, string(m.Code))
	}
	return words
}
