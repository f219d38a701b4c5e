package oracletest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/selectors"
)

// merge merges three Worlds of fleets, each by its name and one word that its expression holds.
func (e Engine) merge(base, ours, theirs Node) Node {
	var files [3]map[string]string
	said := [3]map[string]string{texts(base), texts(ours), texts(theirs)}
	names := map[string]bool{}
	for i, words := range said {
		files[i] = map[string]string{"world.yaml": fleetDocuments(words)}
		for name := range words {
			names[name] = true
		}
	}
	merged, errs := e.Merge(files[0], files[1], files[2])
	if len(errs) > 0 {
		panic("oracletest: " + errs.Error())
	}
	answers := map[string]Node{}
	for name := range names {
		answers[name] = Call("agreed", W("-"))
	}
	for _, c := range merged.Conflicts {
		name := strings.TrimPrefix(c.Document, "Fleet ")
		side := func(s worldfile.Side, word string) Node {
			if s.Source.Line == 0 {
				return W("-")
			}
			return W(word)
		}
		answers[name] = Call("conflict", side(c.Ours, said[1][name]), side(c.Theirs, said[2][name]))
	}
	for name, word := range readFleets(conflicts.ReplaceAllString(merged.Files["world.yaml"], "")) {
		answers[name] = Call("agreed", W(word))
	}
	var out []Node
	for name, answer := range answers {
		out = append(out, L(W(name), answer))
	}
	return sorted(out)
}

var conflicts = regexp.MustCompile(`(?s)<<<<<<< ours.*?>>>>>>> theirs\n`)

func fleetDocuments(words map[string]string) string {
	var docs []string
	for name, word := range words {
		is := selectors.Compare{Key: selectors.Key{Label: true, Name: "is"}, Op: selectors.Equal, Value: quoted(word)}
		docs = append(docs, fmt.Sprintf("apiVersion: muster.fleet/v1alpha1\nkind: Fleet\nmetadata: {name: %s}\nspec: {expression: %s}\n",
			name, strconv.Quote("all["+selectors.Print(is)+"]")))
	}
	slices.Sort(docs)
	return strings.Join(docs, "---\n")
}

// readFleets gives the word of each fleet.
func readFleets(file string) map[string]string {
	out := map[string]string{}
	if !strings.Contains(file, "kind:") {
		return out
	}
	world, errs := worldfile.LoadFiles(map[string]string{"world.yaml": file})
	if len(errs) > 0 {
		panic("oracletest: " + errs.Error())
	}
	for _, f := range world.Fleets {
		all, ok := f.Expr.Expr().(selectors.Filter)
		if !ok {
			panic("oracletest: fleet " + f.Name + " is no filter")
		}
		out[f.Name] = all.By.(selectors.Compare).Value.Text
	}
	return out
}
