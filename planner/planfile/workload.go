package planfile

import (
	"cmp"
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
)

// Deployment is a deployment without secrets.
type Deployment struct {
	App      string        `json:"app"`
	Version  string        `json:"version"`
	Digest   string        `json:"digest"`
	Podman   Podman        `json:"podman"`
	Files    []WrittenFile `json:"files"`
	Units    []Unit        `json:"units"`
	Requires []string      `json:"requires"`
	// Takes are the keys of the device that the values come from, Values what it had there.
	Takes  []string          `json:"takes"`
	Values map[string]string `json:"values"`
}

// Known reports whether the workload is known: one of the three kinds has something in it.
func (d Deployment) Known() bool {
	return len(d.Podman.Containers)+len(d.Files)+len(d.Units) > 0
}

// Podman is the workload of containers.
type Podman struct {
	Containers []Container `json:"containers"`
}

// Container is one container.
type Container struct {
	Name       string            `json:"name"`
	Image      string            `json:"image"`
	Command    []string          `json:"command"`
	Env        map[string]string `json:"env"` // name to digest of the text, or the key it is taken from
	Ports      []Port            `json:"ports"`
	Mounts     []Mount           `json:"mounts"`
	Network    string            `json:"network"`
	Restart    string            `json:"restart"`
	Pull       string            `json:"pull"`
	Health     []string          `json:"health"`
	Memory     int64             `json:"memory"`
	Privileged bool              `json:"privileged"`
	Secrets    []Secret          `json:"secrets"`
}

// Port is a published port.
type Port struct {
	Host      int    `json:"host"`
	Container int    `json:"container"`
	Protocol  string `json:"protocol"`
}

// Mount is a path of the host in the container.
type Mount struct {
	Host      string `json:"host"`
	Container string `json:"container"`
	ReadOnly  bool   `json:"read_only"`
}

// Secret is a secret of the device that a container sees: its name and where, never its text.
type Secret struct {
	Name string `json:"name"`
	Env  string `json:"env"`
	Path string `json:"path"`
}

// WrittenFile is one file of a workload of files. Content is the digest of its text, or of what is fetched
// from URL.
type WrittenFile struct {
	Path    string `json:"path"`
	Mode    string `json:"mode"`
	Owner   string `json:"owner"`
	Content string `json:"content"`
	URL     string `json:"url"`
}

// Unit is one unit of a workload of systemd's. Text is its digest.
type Unit struct {
	Name    string `json:"name"`
	Text    string `json:"text"`
	Enabled bool   `json:"enabled"`
	Passive bool   `json:"passive"`
}

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
