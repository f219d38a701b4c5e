package worldfile

import "go.yaml.in/yaml/v3"

// options reads the World document, of which there is at most one. gates has one value:
// a World that needs no policy must say so in so many words.
func (l *loader) options(d document) {
	f := d.file
	if l.optionsDoc != nil {
		f.at(d.root).fail("put the options into one document", "World: a second one, the first is at %s", l.optionsDoc.file.where(l.optionsDoc.root))
		return
	}
	l.optionsDoc = &d
	spec, ok := d.readSpec("gates", "strict", "imageSizes")
	if !ok {
		return
	}
	if n, given := spec.get("gates"); given {
		_, l.world.NoGates = f.oneOf(n, "gates", "none")
	}
	if n, given := spec.get("strict"); given {
		l.world.Strict, _ = f.boolean(n, "strict")
	}
	if n, given := spec.get("imageSizes"); given {
		l.world.ImageSizes = f.sizes(n, "imageSizes")
	}
}

// sizes reads NAME: 64MiB for each of some names.
func (f *file) sizes(n *yaml.Node, what string) map[string]int64 {
	entries, _ := f.entries(n, what)
	out := map[string]int64{}
	for _, e := range entries {
		if bytes, ok := f.size(e.value, what+" "+e.name); ok {
			out[e.name] = bytes
		}
	}
	return out
}
