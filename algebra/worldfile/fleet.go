package worldfile

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/selectors"
)

// fleet reads a Fleet document: a name for a fleet or a selector.
func (l *loader) fleet(d document) {
	def := &definition{document: d}
	l.define(def)
	spec, ok := d.readSpec("expression", "frozen", "dynamic")
	if !ok {
		return
	}
	if n, ok := spec.need("expression"); ok {
		def.expression, def.parsed = d.file.expression(n, "expression")
	}
	def.readDynamic(spec)
	if n, given := spec.get("frozen"); given {
		def.frozenNode = n
		def.frozen, def.parsed = d.file.frozen(n, def.parsed)
	}
}

// readDynamic reads the word that lets a definition depend on more than is declared.
func (d *definition) readDynamic(spec object) {
	if n, given := spec.get("dynamic"); given {
		d.dynamicNode = n
		d.dynamic, _ = d.document.file.boolean(n, "dynamic") // an error fails the whole World
	}
}

// frozen reads the devices that a take came to, as a query prints them: edge[001-003],gw7.
// Braces around them are the language's and may stand.
func (f *file) frozen(n *yaml.Node, parsed bool) ([]string, bool) {
	text, ok := f.filled(n, "frozen")
	if !ok {
		return nil, false
	}
	if inner, braced := strings.CutPrefix(text, "{"); braced {
		text = strings.TrimSuffix(inner, "}")
	}
	names, err := selectors.ExpandNodes(text)
	if err != nil {
		f.at(n).fail("write the devices as muster query prints them: edge[001-003],gw7", "frozen: %s", strings.Split(err.Error(), ";")[0])
		return nil, false
	}
	return names, parsed
}
