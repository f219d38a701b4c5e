package analysis

import (
	"fmt"

	"github.com/musterfleet/muster/selectors"
)

// automatonWords are a shortest text for each way in which patterns and casts decide texts that
// are no constants; with samples, one for each way in which these decide such a text.
func (v *variable) automatonWords(texts []string, casts []selectors.Cast, samples []*selectors.Sample) ([]string, error) {
	j, b := &joint{}, boundaries{}
	tree := newTrie(texts)
	j.machines = append(j.machines, tree)
	for _, t := range texts {
		b.text(t)
	}
	var domain *patternMachine
	if v.forbids != nil {
		domain = newPatternMachine(idPattern)
		if v.key.Name == "app" {
			domain = newPatternMachine("^" + labelPattern + "$")
		}
		j.machines = append(j.machines, domain)
		b.program(domain.program)
	}
	for _, a := range v.atoms {
		if a.pattern != "" {
			m := newPatternMachine(a.pattern)
			j.machines = append(j.machines, m)
			b.program(m.program)
		}
	}
	for _, cast := range casts {
		j.machines = append(j.machines, v.castMachines(cast)...)
		b.cast(cast)
	}
	for _, a := range v.atoms {
		for _, c := range a.constants {
			b.text(c)
		}
	}
	if len(samples) > 0 || v.copies > 1 {
		b.id() // as many words as there are count then
	}
	j.symbols = b.symbols()
	alive := func(tuple []int) bool { return !domain.isDead(tuple[1]) }
	if domain == nil {
		alive = nil
	}
	if !j.explore(alive) {
		return nil, &Budget{fmt.Sprintf("too many substring patterns on %s: more than %d states tell its texts apart", v.told(), mostStates)}
	}
	var out []string
	for _, class := range j.order {
		switch {
		case class[0] != 0, domain != nil && class[1] == 0: // a constant, or no id
		case len(samples) == 0 && v.copies < 2:
			out = append(out, j.word(j.classes[class][0]))
		case len(samples) == 0:
			some := 0
			for w := range j.words(class) {
				if out, some = append(out, w), some+1; some == v.copies {
					break
				}
			}
		default:
			words, err := v.sampledWords(nil, samples, j.words(class))
			if err != nil {
				return nil, err
			}
			out = append(out, words...)
		}
	}
	return out, nil
}

// told is the variable as an error speaks of it.
func (v *variable) told() string {
	if v.key.Label {
		return "label " + v.key.Name
	}
	return v.name
}
