package worldfile

import (
	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
)

// files reads a workload of files.
func (f *file) files(n *yaml.Node) *algebra.Files {
	o, ok := f.object(n, "files", "files", "values")
	if !ok {
		return nil
	}
	list, ok := o.need("files")
	if !ok {
		return nil
	}
	s := &algebra.Files{}
	items, ok := f.items(list, "files")
	if ok && len(items) == 0 {
		f.at(list).fail("", "files: must not be empty")
	}
	for _, item := range items {
		if o, ok := f.object(item, "file", "path", "mode", "owner", "content", "fetch"); ok {
			s.Files = append(s.Files, f.oneFile(o))
		}
	}
	if n, ok := o.get("values"); ok {
		s.Values = f.env(n)
	}
	return s
}

func (f *file) oneFile(o object) algebra.File {
	var out algebra.File
	if n, ok := o.need("path"); ok {
		if out.Path, ok = f.filled(n, "path"); ok {
			if err := algebra.CheckFilePath(out.Path); err != nil {
				f.at(n).fail("write its one plain absolute name", "%v", err)
			}
		}
	}
	if n, ok := o.get("mode"); ok {
		out.Mode, _ = f.filled(n, "mode")
	}
	if n, ok := o.get("owner"); ok {
		out.Owner, _ = f.filled(n, "owner")
	}
	form, n, ok := o.exactlyOne("content", "fetch")
	switch {
	case !ok:
	case form == "content":
		out.Content, _ = f.str(n, "content")
	default:
		if from, ok := f.object(n, "fetch", "url", "digest"); ok {
			out.Fetch = &algebra.Download{}
			if n, ok := from.need("url"); ok {
				out.Fetch.URL, _ = f.filled(n, "url")
			}
			if n, ok := from.need("digest"); ok {
				out.Fetch.Digest, _ = readName(f, n, "digest", algebra.ParseDigest)
			}
		}
	}
	return out
}
