package worldfile

import (
	"go.yaml.in/yaml/v3"
)

// APIVersion is the version of the documents, required in each.
const APIVersion = "muster.fleet/v1alpha1"

// document is one YAML document with its header read.
type document struct {
	file     *file
	root     *yaml.Node // the mapping
	kind     string
	name     string
	nameNode *yaml.Node // nil if there is no usable name
	spec     *yaml.Node // nil if there is none
}

// header reads what all documents share. A document whose kind is unknown is not read on.
func (f *file) header(doc *yaml.Node) (document, bool) {
	root := doc.Content[0]
	if !f.plain(root, 0) {
		return document{}, false
	}
	o, ok := f.object(root, "the document", "apiVersion", "kind", "metadata", "spec")
	if !ok {
		return document{}, false
	}
	if n, ok := o.get("apiVersion"); !ok {
		f.at(root).fail("add apiVersion: "+APIVersion, "the document: apiVersion is missing")
	} else if v, ok := f.str(n, "apiVersion"); ok && v != APIVersion {
		f.at(n).fail("write "+APIVersion, "apiVersion: %q is not known", v)
	}
	d := document{file: f, root: root}
	n, ok := o.need("kind")
	if !ok {
		return d, false
	}
	if d.kind, ok = f.kind(n); !ok {
		return d, false
	}
	d.readName(o)
	d.spec, _ = o.need("spec")
	return d, true
}

// kinds are the documents there are.
var kinds = []string{"Device", "Fleet", "Deployment", "Assignment", "Policy", "Waiver", "Environment", "PolicyTest", "Rollout", "World"}

func (f *file) kind(n *yaml.Node) (string, bool) {
	kind, ok := f.str(n, "kind")
	if !ok {
		return "", false
	}
	for _, k := range kinds {
		if k == kind {
			return kind, true
		}
	}
	f.at(n).fail(suggest(kind, kinds), "kind: %s is not known", f.shown(n))
	return "", false
}

// readName reads metadata.name. Names of all kinds but Device are written @name somewhere,
// so the language says what a name may be.
func (d *document) readName(o object) {
	f := d.file
	n, ok := o.need("metadata")
	if !ok {
		return
	}
	meta, ok := f.object(n, "metadata of "+d.kind, "name")
	if !ok {
		return
	}
	if n, ok = meta.need("name"); !ok {
		return
	}
	name, ok := f.filled(n, "name")
	if !ok {
		return
	}
	if d.kind != "Device" && !isName(name) {
		f.at(n).fail("start with a letter; then letters, digits and - _ . /", "name: %s cannot be written as @name", f.shown(n))
		return
	}
	d.name, d.nameNode = name, n
}

// subject is how errors about the whole document begin.
func (d document) subject() string {
	if d.name == "" {
		return d.kind
	}
	return d.kind + " " + d.name
}
