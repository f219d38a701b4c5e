package planner

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/musterfleet/muster/selectors"
)

// listed breaks folded devices into lines of at most width columns, and an item that is longer
// than a line after its commas. If that makes more than mostListed, a few are shown and the rest
// is counted.
func listed(items []string, width, devices int) []string {
	lines, shown := listedIn(items, width, mostListed)
	if shown < devices {
		lines, shown = listedIn(items, width, fewListed)
		lines = append(lines, fmt.Sprintf("… and %d more", devices-shown))
	}
	return lines
}

// listedIn is at most so many lines, and how many devices are in them.
func listedIn(items []string, width, most int) (lines []string, shown int) {
	for i, item := range items {
		if i < len(items)-1 {
			item += ","
		}
		var more []string
		if last := len(lines) - 1; last >= 0 && columns(lines[last])+columns(item) <= width {
			more = []string{lines[last] + item}
			lines = lines[:last]
		} else {
			more = breakItem(item, width)
		}
		full := len(lines)+len(more) > most
		if full && shown == 0 {
			item, more = begin(item, width, most)
		} else if full {
			break
		}
		lines = append(lines, more...)
		names, err := selectors.ExpandNodes(strings.TrimSuffix(item, ","))
		if err != nil {
			panic("planner: " + err.Error()) // Fold made it
		}
		shown += len(names)
		if full {
			break
		}
	}
	return lines, shown
}

// begin is as much of an item in brackets as so many lines have room for, with its lines.
func begin(item string, width, most int) (string, []string) {
	head, rest, _ := strings.Cut(item, "[") // only brackets make an item long
	inside, tail, _ := strings.Cut(rest, "]")
	parts := strings.Split(inside, ",")
	fits := func(n int) []string {
		return breakItem(head+"["+strings.Join(parts[:n], ",")+"]"+tail, width)
	}
	n := sort.Search(len(parts), func(n int) bool { return len(fits(n+1)) > most })
	n = max(n, 1)
	return head + "[" + strings.Join(parts[:n], ",") + "]" + tail, fits(n)
}

func breakItem(item string, width int) []string {
	lines := []string{""}
	for part := range strings.SplitAfterSeq(item, ",") {
		last := len(lines) - 1
		if lines[last] != "" && columns(lines[last])+columns(part) > width {
			lines = append(lines, "  ")
			last++
		}
		lines[last] += part
	}
	return lines
}

// split cuts a folded set at the commas outside brackets.
func split(folded string) []string {
	var items []string
	start, depth := 0, 0
	for i, c := range folded {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth == 0 {
				items = append(items, folded[start:i])
				start = i + 1
			}
		}
	}
	return append(items, folded[start:])
}

// wrapWords breaks a text that starts at column at, so that no line passes width; further
// lines are indented. A word longer than a line is left whole.
func wrapWords(s string, at, indent, width int) string {
	var b strings.Builder
	for i, word := range strings.Fields(s) {
		switch {
		case i == 0:
		case at+1+columns(word) > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += columns(word)
	}
	return b.String()
}

func columns(s string) int { return utf8.RuneCountInString(s) }

func pad(s string, width int) string { return s + strings.Repeat(" ", max(0, width-columns(s))) }
