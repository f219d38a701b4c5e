package worldfile

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
)

// Frozen is a Fleet of a World whose expression takes, and the devices that were written to it.
type Frozen struct {
	Name    string
	Source  algebra.Source
	Devices []string // sorted
}

// Freeze writes to Fleets whose expression takes which devices it comes to: to those named, again
// if they had some, or, where none is named, to those that have none yet. A Fleet comes after those
// its expression names. The rest of each text stays as it was; the texts given stay untouched.
//
// come is what an expression comes to in a World of which the Fleets not frozen yet are empty.
//
// Either all are frozen and the World loads, or the diagnostics say why not.
func Freeze(texts map[string]string, names []string, come func(algebra.World, *selectors.Bound) []string) (map[string]string, []Frozen, diag.List) {
	texts = maps.Clone(texts)
	var done []Frozen
	for {
		l := newLoader()
		l.thaw = true
		documents := 0
		for _, p := range keys(texts) {
			documents += l.read(newFile(p, texts[p], &l.errs))
		}
		world, bad := l.end(documents)
		if len(bad) > 0 {
			return nil, nil, bad
		}
		i := slices.IndexFunc(l.settled, func(d *definition) bool {
			wanted := slices.Contains(names, d.name) || len(names) == 0 && d.frozenNode == nil
			return d.taken != nil && wanted && !slices.ContainsFunc(done, func(f Frozen) bool { return f.Name == d.name })
		})
		if i < 0 {
			break
		}
		d := l.settled[i]
		devices := come(world, d.taken)
		if len(devices) == 0 {
			d.at(d.expr.Span()).fail("name the devices of a fleet where it comes to some", "%s comes to no device", brief(d.expr))
			return nil, nil, l.errs
		}
		texts[d.document.file.name] = d.withFrozen(selectors.Fold(devices))
		done = append(done, Frozen{d.name, d.source(), devices})
	}
	if _, bad := LoadFiles(texts); bad.Err() != nil {
		return nil, nil, bad
	}
	return texts, done, nil
}

// withFrozen is the text of the definition's file in which it is frozen to these devices.
func (d *definition) withFrozen(devices string) string {
	f := d.document.file
	value := "'" + devices + "'"
	if d.frozenNode != nil {
		at := f.at(d.frozenNode)
		return f.text[:at.start] + value + f.text[at.end:]
	}
	key, expression := field(d.spec, "expression")
	end := f.at(expression).end
	if d.spec.Style&yaml.FlowStyle != 0 {
		return f.text[:end] + ", frozen: " + value + f.text[end:]
	}
	line := strings.Repeat(" ", key.Column-1) + "frozen: " + value + "\n"
	if end > 0 && f.text[end-1] != '\n' { // a block ends with its last line
		if n := strings.IndexByte(f.text[end:], '\n'); n >= 0 {
			end += n + 1
		} else {
			end, line = len(f.text), "\n"+line
		}
	}
	return f.text[:end] + line + f.text[end:]
}

// field is a key of a mapping that has it, and its value.
func field(mapping *yaml.Node, name string) (key, value *yaml.Node) {
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	panic("worldfile: no " + name) // the definition was read from it
}
