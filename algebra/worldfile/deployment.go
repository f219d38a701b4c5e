package worldfile

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/musterfleet/muster/algebra"
)

// deploymentDraft is a Deployment document whose requirements are not looked up yet.
type deploymentDraft struct {
	document
	app      string
	requires []*yaml.Node
}

// deployment reads a Deployment document.
func (l *loader) deployment(d document) {
	f := d.file
	draft := &deploymentDraft{document: d}
	l.deployments = append(l.deployments, draft)
	s := algebra.DeploymentSpec{}
	before := len(l.errs)
	spec, ok := d.readSpec("app", "version", "podman", "files", "systemd", "requires")
	if !ok {
		l.unread = true
		return
	}
	appNode, hasApp := spec.need("app")
	if hasApp {
		s.App, hasApp = readName(f, appNode, "app", algebra.ParseApp)
	}
	versionNode, hasVersion := spec.need("version")
	if hasVersion {
		s.Version, hasVersion = readName(f, versionNode, "version", algebra.ParseVersion)
	}
	draft.app = s.App.String()
	if hasApp && hasVersion {
		l.version(s, f, versionNode)
	} else {
		l.unread = true // nobody knows what it would have been called
	}
	if n, given := spec.get("requires"); given {
		draft.requires, s.Requires = f.requires(n)
	}
	f.workload(spec, &s)
	if len(l.errs) > before || d.nameNode == nil {
		return
	}
	deployment, err := algebra.NewDeployment(s)
	if err != nil {
		f.at(d.nameNode).fail("", "%v", err)
		return
	}
	l.world.Deployments = append(l.world.Deployments, algebra.DeclaredDeployment{Name: d.name, Deployment: deployment, Source: d.source()})
}

// workload reads the one workload of a deployment.
func (f *file) workload(spec object, s *algebra.DeploymentSpec) {
	given := ""
	for _, kind := range algebra.Kinds() {
		n, ok := spec.get(string(kind))
		if !ok {
			continue
		}
		if given != "" {
			f.at(n).fail("give the other a deployment of its own", "%s: %s and %s exclude each other", spec.what, given, kind)
			continue
		}
		given = string(kind)
		switch kind {
		case algebra.PodmanKind:
			s.Podman = f.podman(n)
		case algebra.FilesKind:
			s.Files = f.files(n)
		case algebra.SystemdKind:
			s.Systemd = f.systemd(n)
		}
	}
	if given == "" {
		if spec.garbled["files"] || spec.garbled["systemd"] {
			return
		}
		spec.need(string(algebra.PodmanKind))
	}
}

// version notes app@version, which no other document may have.
func (l *loader) version(s algebra.DeploymentSpec, f *file, at *yaml.Node) {
	ref := algebra.DeploymentRef{App: s.App, Version: s.Version}
	if first, twice := l.refs[ref]; twice {
		f.at(at).fail("give the other workload a version of its own", "%s is declared twice, first at %s", ref, first)
		return
	}
	l.refs[ref] = f.where(at)
	l.versions[s.App.String()] = append(l.versions[s.App.String()], s.Version.String())
}

// readName reads a text that must parse as a name of the algebra.
func readName[T any](f *file, n *yaml.Node, what string, parse func(string) (T, error)) (T, bool) {
	text, ok := f.filled(n, what)
	if !ok {
		var none T
		return none, false
	}
	v, err := parse(text)
	if err != nil {
		f.at(n).fail("", "%v", err)
	}
	return v, err == nil
}

// requires reads a set of apps. Their order means nothing, so it is not kept.
func (f *file) requires(n *yaml.Node) (nodes []*yaml.Node, apps []algebra.App) {
	items, _ := f.items(n, "requires")
	for _, item := range items {
		app, ok := readName(f, item, "requires", algebra.ParseApp)
		if !ok {
			continue
		}
		if slices.Contains(apps, app) {
			f.at(item).fail("keep one of the two", "requires: %s is given twice", app)
			continue
		}
		nodes, apps = append(nodes, item), append(apps, app)
	}
	slices.SortFunc(apps, algebra.App.Compare)
	return nodes, apps
}

// checkRequires looks up what deployments require, and refuses circles: none of the apps on
// one could ever start.
func (l *loader) checkRequires() {
	slices.SortStableFunc(l.deployments, func(a, b *deploymentDraft) int { return cmp.Compare(a.app, b.app) })
	apps := keys(l.versions)
	uses := map[string][]use{}
	for _, d := range l.deployments {
		for _, n := range d.requires {
			at := d.file.at(n)
			if _, known := l.versions[n.Value]; known {
				uses[d.app] = append(uses[d.app], use{n.Value, at})
			} else if !l.unread {
				at.fail(suggest(n.Value, apps), "requires: "+noDeployment+"%s", n.Value)
			}
		}
	}
	for _, c := range circles(uses) {
		c.at.fail("remove one of these requirements", "requires: a circle: %s", c.path("%s", " requires "))
	}
}
