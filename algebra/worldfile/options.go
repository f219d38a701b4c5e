package worldfile

// options reads the World document, of which there is at most one. gates has one value:
// a World that needs no policy must say so in so many words.
func (l *loader) options(d document) {
	f := d.file
	if l.optionsDoc != nil {
		f.at(d.root).fail("put the options into one document", "World: a second one, the first is at %s", l.optionsDoc.file.where(l.optionsDoc.root))
		return
	}
	l.optionsDoc = &d
	spec, ok := d.readSpec("gates", "strict")
	if !ok {
		return
	}
	if n, given := spec.get("gates"); given {
		_, l.world.NoGates = f.oneOf(n, "gates", "none")
	}
	if n, given := spec.get("strict"); given {
		l.world.Strict, _ = f.boolean(n, "strict")
	}
}
