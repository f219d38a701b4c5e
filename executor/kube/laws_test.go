package kube_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/executor/kube"
)

// estate is the files of a World, the devices there are, and those on which all fails.
type estate struct {
	files   map[string]string
	devices map[string]map[string]string
	broken  []string
}

// traps are texts that YAML or JSON may take for something else.
var traps = []string{"1.10", "1e3", "0x10", "on", "no", "null", "~", "2026-11-23", "007", "1_000", "a b", "ü", `say "x"`, "1"}

// estates are random ones: small Worlds of all kinds, in which texts look like numbers.
func estates() gopter.Gen {
	return func(p *gopter.GenParameters) *gopter.GenResult {
		e := newEstate(p.Rng)
		return gopter.NewGenResult(e, gopter.NoShrinker)
	}
}

func newEstate(r *rand.Rand) estate {
	pick := func(list ...string) string { return list[r.Intn(len(list))] }
	var docs []string
	doc := func(kind, name, spec string, args ...any) {
		docs = append(docs, fmt.Sprintf("apiVersion: muster.fleet/v1alpha1\nkind: %s\nmetadata: {name: %s}\nspec: %s\n", kind, name, fmt.Sprintf(spec, args...)))
	}
	e := estate{devices: map[string]map[string]string{}}
	for i := range 1 + r.Intn(6) {
		id := fmt.Sprintf("d%d", i)
		e.devices[id] = map[string]string{"env": pick("prod", "test"), "site": pick(traps...)}
		if r.Intn(3) == 0 {
			e.broken = append(e.broken, id)
		}
		if r.Intn(3) == 0 {
			doc("Device", id, "{labels: {env: %s, site: %q}}", pick("prod", "test"), pick(traps...))
		}
	}
	doc("Fleet", "prod", `{expression: 'label("env") = "%s"'}`, pick("prod", "test"))
	doc("Fleet", "some", "{expression: %q}", pick("@prod", "all - @prod", `@prod | label("site") = "1.10"`, "none"))
	for app := range 1 + r.Intn(3) {
		for i, version := range rand.New(rand.NewSource(r.Int63())).Perm(3)[:1+r.Intn(2)] {
			v := []string{"1.10", "1.1", "007"}[version]
			doc("Deployment", fmt.Sprintf("app%d-%s", app, v), "{app: app%d, version: '%s', podman: {containers: [{name: c, image: 'x:%s', command: [%q, %q], env: {MODE: %q}}]}}",
				app, v, v, pick(traps...), pick(traps...), pick(traps...))
			doc("Assignment", fmt.Sprintf("app%d-%d", app, i), "{fleet: '@%s', deploy: ['app%d@%s'], priority: %d}", pick("prod", "some"), app, v, r.Intn(2))
		}
	}
	if r.Intn(2) == 0 {
		doc("Rollout", "app0", "{for: app0, waves: [{percent: %s}, {rest: true}], budget: {maxUnavailable: %s}}", pick("5", "'25%'"), pick("1", "'10%'"))
	}
	if r.Intn(2) == 0 {
		doc("Policy", "p", "{scope: action, level: warn, cel: 'true', params: {n: %s, t: %q}}", pick("1", "2.5", "true"), pick(traps...))
		doc("Waiver", "w", "{rule: p, owner: %q, reason: %q, expires: '2027-01-01'}", pick(traps...), pick(traps...))
	}
	doc("World", "w", "{gates: none, strict: false}")
	e.files = map[string]string{"all.yaml": strings.Join(docs, "---\n")}
	return e
}

// places gives each case of a law a namespace of its own.
type places struct {
	place
	n int
}

func newPlaces(t *testing.T) *places { return &places{place: open(t)} }

func (p *places) next() place {
	p.n++
	b := p.place
	b.namespace += fmt.Sprintf("-%d", p.n)
	var err error
	b.cluster, err = kube.Open(server.Config, b.namespace)
	must(p.T, err)
	return b
}

// holds is a case of a law, which fails with what is wrong.
func holds(wrong error) (bool, error) { return wrong == nil, wrong }

func TestImportAndExportAreInverse(t *testing.T) {
	p := newPlaces(t)
	algebratest.Law(t, 12)(prop.ForAll(func(e estate) (bool, error) { return holds(inverse(t.Context(), p.next().cluster, e.files, e.files)) }, estates()))
}

func TestInverseLawSeesATextTakenForANumber(t *testing.T) {
	p := newPlaces(t)
	algebratest.Planted(t, 25)("the version 1.10 becomes 1.1", prop.ForAll(func(e estate) (bool, error) {
		wrong := strings.ReplaceAll(e.files["all.yaml"], "image: 'x:1.10'", "image: 'x:1.1'")
		return holds(inverse(t.Context(), p.next().cluster, e.files, map[string]string{"all.yaml": wrong}))
	}, estates()))
}

// inverse says where import and export are not. stored is what gets imported for files.
func inverse(ctx context.Context, c *kube.Cluster, files, stored map[string]string) error {
	want, errs := worldfile.LoadFiles(files)
	if len(errs) > 0 {
		return fmt.Errorf("the case is no World: %w", errs)
	}
	if _, err := c.Import(ctx, stored); err != nil {
		return err
	}
	first, err := c.Read(ctx)
	if err != nil {
		return err
	}
	have, errs := first.World()
	if len(errs) > 0 || have.Digest() != want.Digest() {
		return fmt.Errorf("what is read is another World (%v)", errs)
	}
	exported := first.Export()
	again, err := c.Import(ctx, exported)
	if err != nil {
		return err
	}
	if again.Written+again.Removed > 0 {
		return fmt.Errorf("the import of an export changes something: %+v", again)
	}
	second, err := c.Read(ctx)
	if err != nil {
		return err
	}
	if !maps.Equal(second.Export(), exported) {
		return fmt.Errorf("an export after it is another one")
	}
	return nil
}

func TestProjectionIsIdempotent(t *testing.T) {
	p := newPlaces(t)
	wrote := 0
	algebratest.Law(t, 8)(prop.ForAll(func(e estate) (bool, error) {
		n, err := comesToRest(t, p.next().cluster, e, kube.Project)
		wrote += n
		return holds(err)
	}, estates()))
	if wrote < 40 {
		t.Errorf("the law wrote %d statuses in all: it says little", wrote)
	}
}

func TestProjectionLawSeesStatusesThatNeverRest(t *testing.T) {
	p := newPlaces(t)
	turn := 0
	algebratest.Planted(t, 5)("a status that tells how often it was written", prop.ForAll(func(e estate) (bool, error) {
		_, err := comesToRest(t, p.next().cluster, e, func(s kube.Snapshot, v kube.View) []kube.Change {
			turn++
			for i := range s.Objects {
				if o := &s.Objects[i]; o.GetKind() == "Assignment" {
					status := map[string]any{"matched": int64(turn), "running": int64(0), "pending": int64(0), "failed": int64(0), "conflicted": int64(0)}
					return append(kube.Project(s, v), kube.SetStatus{Of: o, Status: status})
				}
			}
			return kube.Project(s, v)
		})
		return holds(err)
	}, estates()))
}

// comesToRest projects until it must have come to rest: finalizers and mirrors first, then their
// statuses, then nothing.
func comesToRest(t *testing.T, c *kube.Cluster, e estate, project func(kube.Snapshot, kube.View) []kube.Change) (wrote int, err error) {
	if _, err := c.Import(t.Context(), e.files); err != nil {
		return 0, err
	}
	for round := range 4 {
		s, err := c.Read(t.Context())
		if err != nil {
			return wrote, err
		}
		w, problems := s.World()
		changes := project(s, kube.View{World: w, Problems: problems, Reality: seen(t, w, e.devices, e.broken...)})
		if len(changes) == 0 {
			return wrote, nil
		}
		if round == 3 {
			return wrote, fmt.Errorf("%d changes after three projections of the same: %v", len(changes), reflect.TypeOf(changes[0]))
		}
		n, err := c.Write(t.Context(), changes)
		if err != nil {
			return wrote, err
		}
		wrote += len(n)
	}
	panic("not reached")
}

func TestReadIsOfOneRevision(t *testing.T) {
	p := newPlaces(t)
	algebratest.Law(t, 2)(prop.ForAll(func(int64) (bool, error) {
		b := p.next()
		return holds(together(b, func() (kube.Snapshot, error) { return b.cluster.Read(t.Context()) }))
	}, seeds()))
}

func TestOneRevisionLawSeesAReadingInParts(t *testing.T) {
	p := newPlaces(t)
	algebratest.Planted(t, 4)("each kind as it is when its turn comes", prop.ForAll(func(int64) (bool, error) {
		b := p.next()
		return holds(together(b, func() (s kube.Snapshot, err error) {
			for _, plural := range []string{"assignments", "fleets"} { // and anything may happen between them
				list, err := b.of(plural).List(t.Context(), metav1.ListOptions{})
				if err != nil {
					return s, err
				}
				s.Objects = append(s.Objects, list.Items...)
			}
			return s, nil
		}))
	}, seeds()))
}

func seeds() gopter.Gen {
	return func(p *gopter.GenParameters) *gopter.GenResult {
		return gopter.NewGenResult(p.Rng.Int63(), gopter.NoShrinker)
	}
}

// together has somebody count in two documents, the fleet first and then the assignment, while it is
// read: whoever reads both at one revision sees them at most one apart, and the fleet ahead.
func together(b place, read func() (kube.Snapshot, error)) error {
	write := func(plural, kind string, n int, spec map[string]any) error {
		o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "muster.fleet/v1alpha1", "kind": kind,
			"metadata": map[string]any{"name": "a", "annotations": map[string]any{"n": fmt.Sprint(n)}}, "spec": spec}}
		_, err := b.of(plural).Apply(b.Context(), "a", o, metav1.ApplyOptions{FieldManager: "test"})
		return err
	}
	both := func(n int) error {
		if err := write("fleets", "Fleet", n, map[string]any{"expression": "all"}); err != nil {
			return err
		}
		return write("assignments", "Assignment", n, map[string]any{"fleet": "all", "deploy": []any{"a@1"}})
	}
	if err := both(0); err != nil {
		return err
	}
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		for n := 1; ; n++ {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			if err := both(n); err != nil {
				ended <- err
				return
			}
		}
	}()
	var wrong error
	last := -1
	for range 25 {
		s, err := read()
		if err != nil {
			wrong = err
			break
		}
		count := map[string]int{}
		for i := range s.Objects {
			n, err := strconv.Atoi(s.Objects[i].GetAnnotations()["n"])
			must(b.T, err)
			count[s.Objects[i].GetKind()] = n
		}
		if ahead := count["Fleet"] - count["Assignment"]; ahead < 0 || ahead > 1 {
			wrong = fmt.Errorf("the fleet is %d ahead of the assignment", ahead)
			break
		}
		last = count["Fleet"]
	}
	close(stop)
	if err := <-ended; err != nil {
		return err
	}
	if wrong == nil && last < 5 {
		return fmt.Errorf("only %d writes while it was read: the case says nothing", last)
	}
	return wrong
}
