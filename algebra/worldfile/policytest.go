package worldfile

// policyTest looks at a PolicyTest document, which stands beside policies and declares nothing of a
// World: package policies/cases reads and runs it. Here its fields are checked, so that fmt
// knows their order.
func (l *loader) policyTest(d document) {
	spec, ok := d.readSpec("policy", "cases")
	if !ok {
		return
	}
	n, given := spec.need("cases")
	if !given {
		return
	}
	items, _ := d.file.items(n, "cases")
	for _, item := range items {
		d.file.object(item, "case", "name", "action", "container", "device", "change", "changes", "planFile", "plan", "now", "want", "msg", "count")
	}
}
