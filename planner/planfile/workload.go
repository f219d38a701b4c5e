package planfile

import (
	"cmp"
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
)

// workload shows what a deployment brings. Texts show as their digests: they may hold secrets.
func (d *Deployment) workload(spec algebra.DeploymentSpec) {
	if spec.Podman != nil {
		for _, c := range spec.Podman.Containers {
			d.Podman.Containers = append(d.Podman.Containers, container(c))
		}
	}
	if spec.Files != nil {
		for _, f := range spec.Files.Files {
			out := WrittenFile{Path: f.Path, Mode: cmp.Or(f.Mode, "0644"), Owner: f.Owner, Content: text(f.Content, spec.Files.Values)}
			if f.Fetch != nil {
				out.Content, out.URL = f.Fetch.Digest.String(), f.Fetch.URL
			}
			d.Files = append(d.Files, out)
		}
	}
	if spec.Systemd != nil {
		for _, u := range spec.Systemd.Units {
			d.Units = append(d.Units, Unit{u.Name, text(u.Text, spec.Systemd.Values), u.Enabled, u.Passive})
		}
	}
}

// text is the digest of a content, with what it takes for its values where it takes any.
func text(content string, values map[string]algebra.EnvValue) string {
	all := content
	for _, name := range slices.Sorted(maps.Keys(values)) {
		all += "\x00" + name + "=" + input(values[name])
	}
	return algebra.DigestOf([]byte(all)).String()
}

// input is where a value comes from, or the digest of the value.
func input(e algebra.EnvValue) string {
	switch {
	case e.FromLabel != "":
		return "label:" + e.FromLabel
	case e.FromFact != "":
		return "fact:" + e.FromFact
	}
	return algebra.DigestOf([]byte(e.Literal)).String()
}
