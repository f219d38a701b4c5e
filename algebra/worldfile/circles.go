package worldfile

import (
	"fmt"
	"slices"
	"strings"
)

// use is one mention of a name.
type use struct {
	name string
	at   span
}

// circle is a way through uses that comes back to its start. at is the mention that closes it.
type circle struct {
	names []string
	at    span
}

// path shows a circle from its least name back to it.
func (c circle) path(format, verb string) string {
	least := slices.Index(c.names, slices.Min(c.names))
	shown := make([]string, 0, len(c.names)+1)
	for i := range len(c.names) + 1 {
		shown = append(shown, fmt.Sprintf(format, c.names[(least+i)%len(c.names)]))
	}
	return strings.Join(shown, verb)
}

// circles finds, depth first and in the order of names, one circle for each use that closes
// one. There is none iff the names can be ordered so that each is used only by later ones.
func circles(uses map[string][]use) []circle {
	var found []circle
	var trail []string
	const open, done = 1, 2
	state := map[string]int{}
	var visit func(name string)
	visit = func(name string) {
		state[name] = open
		trail = append(trail, name)
		for _, u := range uses[name] {
			switch state[u.name] {
			case open:
				found = append(found, circle{slices.Clone(trail[slices.Index(trail, u.name):]), u.at})
			case done:
			default:
				visit(u.name)
			}
		}
		trail = trail[:len(trail)-1]
		state[name] = done
	}
	for _, name := range keys(uses) {
		if state[name] == 0 {
			visit(name)
		}
	}
	return found
}
