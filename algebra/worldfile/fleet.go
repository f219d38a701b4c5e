package worldfile

// fleet reads a Fleet document: a name for a fleet or a selector.
func (l *loader) fleet(d document) {
	def := &definition{document: d}
	l.define(def)
	spec, ok := d.readSpec("expression")
	if !ok {
		return
	}
	if n, ok := spec.need("expression"); ok {
		def.expression, def.parsed = d.file.expression(n, "expression")
	}
}
