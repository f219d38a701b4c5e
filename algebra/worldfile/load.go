package worldfile

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
)

// Load reads the World in a directory: all its .yaml and .yml files, those in folders below
// it too, hidden ones left out. It gives the whole World and no diagnostics, or no World and
// everything that is wrong. A directory without documents is an error: a World that declares
// nothing would stop everything.
func Load(fsys fs.FS) (algebra.World, diag.List) {
	l := newLoader()
	paths, err := find(fsys)
	if err != nil {
		return algebra.World{}, diag.List{{Severity: diag.Error, Message: err.Error()}}
	}
	documents := 0
	for _, p := range paths {
		text, err := content(fsys, p)
		if err != nil {
			l.errs = append(l.errs, diag.Diagnostic{Severity: diag.Error, File: p, Message: err.Error()})
			l.unread = true
			continue
		}
		documents += l.read(newFile(p, text, &l.errs))
	}
	return l.end(documents)
}

// LoadFiles is Load for files that are at hand, by path.
func LoadFiles(files map[string]string) (algebra.World, diag.List) {
	l, documents := newLoader(), 0
	for _, p := range keys(files) {
		documents += l.read(newFile(p, files[p], &l.errs))
	}
	return l.end(documents)
}

// Texts are the files that Load reads, by path, whatever they say.
func Texts(fsys fs.FS) (map[string]string, error) {
	paths, err := find(fsys)
	if err != nil {
		return nil, err
	}
	files := make(map[string]string, len(paths))
	for _, p := range paths {
		if files[p], err = content(fsys, p); err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
	}
	return files, nil
}

// end binds what was read.
func (l *loader) end(documents int) (algebra.World, diag.List) {
	if documents == 0 && len(l.errs) == 0 {
		return algebra.World{}, diag.List{{
			Severity: diag.Error, Message: "the directory declares no World: there is no document in it",
			Hint: "an empty World would stop everything; is this the right directory?",
		}}
	}
	l.bind()
	l.checkRequires()
	l.checkRollouts()
	if len(l.errs) > 0 {
		return algebra.World{}, l.errs.Sorted()
	}
	return l.whole(), nil
}

// find lists the files of a World in the order of their paths.
func find(fsys fs.FS) ([]string, error) {
	var paths []string
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && (path.Ext(p) == ".yaml" || path.Ext(p) == ".yml"):
			paths = append(paths, p)
		}
		return nil
	})
	slices.Sort(paths)
	return paths, err
}

// content reads a file that is not too large.
func content(fsys fs.FS, p string) (string, error) {
	in, err := fsys.Open(p)
	if err != nil {
		return "", err
	}
	defer in.Close() // it was only read
	b, err := io.ReadAll(io.LimitReader(in, maxFileSize+1))
	if err == nil && len(b) > maxFileSize {
		err = fmt.Errorf("the file is larger than %d MiB; split it", maxFileSize>>20)
	}
	return string(b), err
}

// loader gathers what the documents declare, and what is wrong with them.
type loader struct {
	errs  diag.List
	world algebra.World
	// unread says that something could not be read at all: names it declares are unknown
	// here, so that an unknown name is no news.
	unread      bool
	thaw        bool                // Fleets that take need not be frozen; they are empty then
	settled     []*definition       // each after those it uses
	declared    map[string]document // by namespace and name
	definitions []*definition
	named       map[string]*definition
	deployments []*deploymentDraft
	policies    []*policyDraft
	waivers     []*waiverDraft
	rollouts    []*rolloutDraft
	theorems    []*theoremDraft
	refs        map[algebra.DeploymentRef]string // where each app@version is declared
	versions    map[string][]string              // of each app
	labelKeys   map[string]bool
	optionsDoc  *document
}

func newLoader() *loader {
	return &loader{
		declared: map[string]document{}, named: map[string]*definition{},
		refs: map[algebra.DeploymentRef]string{}, versions: map[string][]string{}, labelKeys: map[string]bool{},
	}
}

// read decodes the documents of a file and says how many declare something.
func (l *loader) read(f *file) int {
	if !f.parse() {
		l.unread = true
	}
	documents := len(f.roots)
	for _, root := range f.roots {
		d, ok := f.header(root)
		if !ok {
			l.unread = true
			continue
		}
		l.declare(d)
		switch d.kind {
		case "Device":
			l.device(d)
		case "Fleet":
			l.fleet(d)
		case "Deployment":
			l.deployment(d)
		case "Assignment":
			l.assignment(d)
		case "Policy":
			l.policy(d)
		case "Waiver":
			l.waiver(d)
		case "Environment":
			l.environment(d)
		case "Rollout":
			l.rollout(d)
		case "World":
			l.options(d)
		case "PolicyTest":
			documents-- // it declares nothing
			l.policyTest(d)
		}
	}
	return documents
}

// declare notes the name of a document. Fleets and assignments share the @names.
func (l *loader) declare(d document) {
	if d.nameNode == nil {
		l.unread = true
		return
	}
	space := d.kind
	if space == "Assignment" {
		space = "Fleet"
	}
	key := space + " " + d.name
	first, twice := l.declared[key]
	if !twice {
		l.declared[key] = d
		return
	}
	if first.kind == d.kind {
		d.file.at(d.nameNode).fail("give one of them another name", "%s is declared twice, first at %s",
			d.subject(), first.file.where(first.nameNode))
		return
	}
	d.file.at(d.nameNode).fail("give one of them another name; fleets and assignments share theirs", "@%s is already a %s, declared at %s",
		d.name, first.kind, first.file.where(first.nameNode))
}

// readSpec reads the spec of a document.
func (d document) readSpec(known ...string) (object, bool) {
	if d.spec == nil {
		return object{}, false
	}
	return d.file.object(d.spec, d.subject(), known...)
}

// source is where the document starts, as the World keeps it.
func (d document) source() algebra.Source {
	return algebra.Source{File: d.file.name, Line: d.file.line(d.file.start(d.root))}
}

// whole is the World, its lists in the order of names.
func (l *loader) whole() algebra.World {
	w := l.world
	slices.SortFunc(w.Devices, func(a, b algebra.DeclaredDevice) int { return a.ID.Compare(b.ID) })
	slices.SortFunc(w.Deployments, func(a, b algebra.DeclaredDeployment) int { return cmp.Compare(a.Name, b.Name) })
	for _, name := range keys(l.named) {
		d := l.named[name]
		def := algebra.Definition{Name: name, Expr: d.bound, Abstract: d.abstract, Dynamic: d.dynamic, Taken: d.taken, Source: d.source()}
		if d.assignment {
			w.Assignments = append(w.Assignments, def)
		} else {
			w.Fleets = append(w.Fleets, def)
		}
	}
	slices.SortFunc(l.policies, func(a, b *policyDraft) int { return cmp.Compare(a.Name, b.Name) })
	for _, p := range l.policies {
		w.Policies = append(w.Policies, p.Policy)
	}
	for _, d := range l.waivers {
		w.Waivers = append(w.Waivers, d.Waiver)
	}
	slices.SortFunc(w.Waivers, func(a, b algebra.Waiver) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(w.Environments, func(a, b algebra.Environment) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(l.theorems, func(a, b *theoremDraft) int { return cmp.Compare(a.Name, b.Name) })
	for _, t := range l.theorems {
		w.Theorems = append(w.Theorems, t.Theorem)
	}
	slices.SortFunc(l.rollouts, func(a, b *rolloutDraft) int { return cmp.Compare(a.Name, b.Name) })
	for _, r := range l.rollouts {
		w.Rollouts = append(w.Rollouts, r.Rollout)
	}
	return w
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
