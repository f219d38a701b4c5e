package selectors

import "strings"

// Nearest is the known word that word was most likely meant to be: one that differs in case
// alone, else the first of those with the least edit distance (insert, delete, change or swap two neighbours), if that is
// at most 2 and less than half of the longer word's length.
func Nearest(word string, known []string) (string, bool) {
	best, least := "", 3
	for _, k := range known {
		if k != word && strings.EqualFold(k, word) {
			return k, true
		}
		if k == word || abs(len(k)-len(word)) >= least {
			continue
		}
		if d := distance(word, k); d < least && 2*d < max(len(k), len(word)) {
			best, least = k, d
		}
	}
	return best, least < 3
}

// distance is the optimal string alignment distance in bytes, row by row.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

func abs(n int) int { return max(n, -n) }

// didYouMean is the hint that offers the nearest known word, each shown as show does.
func didYouMean(word string, known []string, show func(string) string) string {
	if near, ok := Nearest(word, known); ok {
		return "did you mean " + show(near) + "?"
	}
	return ""
}
