package worldfile_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/worldfile"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

const seed = 20261124

func parameters() *gopter.TestParameters {
	p := gopter.DefaultTestParametersWithSeed(seed)
	p.MinSuccessfulTests, p.MinSize = 300, 1
	return p
}

func check(t *testing.T, p gopter.Prop) {
	t.Helper()
	if r := p.Check(parameters()); !r.Passed() {
		t.Errorf("seed %d: %v: %s %v", seed, r.Status, strings.Join(r.Labels, ", "), r.Args)
	}
}

// seen fails the test if the planted bug goes unseen.
func seen(t *testing.T, bug string, p gopter.Prop) {
	t.Helper()
	if p.Check(parameters()).Passed() {
		t.Errorf("seed %d: the law does not see %s", seed, bug)
	}
}

// TestLoadGivesWhatWasWritten: what a random World says in YAML, in whatever style, is what
// Load gives.
func TestLoadGivesWhatWasWritten(t *testing.T) {
	check(t, prop.ForAll(func(w written) bool { return loads(t, w, w.means) }, worlds()))
}

func TestLoadGivesWhatWasWrittenSeesALostPart(t *testing.T) {
	seen(t, "a label that is gone", prop.ForAll(func(w written) bool {
		means := slices.Clone(w.means)
		means[0] = strings.Replace(means[0], `"ring"`, `"rings"`, 1)
		return loads(t, w, means)
	}, worlds()))
}

func loads(t *testing.T, w written, means []string) bool {
	have, errs := worldfile.Load(w.files())
	if len(errs) > 0 {
		t.Logf("%v\n%s", errs, strings.Join(w.documents, "---\n"))
		return false
	}
	return slices.Equal(describeParts(have, false), means)
}

// TestOrderDoesNotMatter: documents in another order and in other files are the same World
// with the same digest.
func TestOrderDoesNotMatter(t *testing.T) {
	moved := 0
	check(t, prop.ForAll(func(w written, order int64) bool {
		other := w.shuffled(order)
		if !slices.Equal(w.documents, other.documents) {
			moved++
		}
		return same(w.files(), other.files())
	}, worlds(), gen.Int64()))
	if moved < 200 {
		t.Errorf("only %d worlds had their documents moved", moved)
	}
}

func TestOrderDoesNotMatterSeesADocumentLost(t *testing.T) {
	seen(t, "a document that is lost", prop.ForAll(func(w written, order int64) bool {
		other := w.shuffled(order)
		other.documents = slices.DeleteFunc(other.documents, func(d string) bool { return strings.Contains(d, "kind: Device") })
		return same(w.files(), other.files())
	}, worlds(), gen.Int64()))
}

func same(a, b fs.FS) bool {
	x, errs := worldfile.Load(a)
	y, more := worldfile.Load(b)
	return len(errs)+len(more) == 0 && x.Digest() == y.Digest() && slices.Equal(describeParts(x, false), describeParts(y, false))
}

// TestFormatKeepsTheMeaning: a formatted World has the same digest, and is as it is formatted.
func TestFormatKeepsTheMeaning(t *testing.T) {
	changed := 0
	check(t, prop.ForAll(func(w written) bool {
		out := w.formatted(worldfile.Format)
		if out.text() != w.text() {
			changed++
		}
		return out.text() == out.formatted(worldfile.Format).text() && same(w.files(), out.files())
	}, worlds()))
	if changed < 200 {
		t.Errorf("only %d worlds were not yet as they are formatted", changed)
	}
}

func TestFormatKeepsTheMeaningSeesAnAddedBreak(t *testing.T) {
	seen(t, "a text that gains a line break", prop.ForAll(func(w written) bool {
		out := w.formatted(worldfile.Format)
		for i, d := range out.documents {
			out.documents[i] = strings.ReplaceAll(d, "|-", "|")
		}
		return same(w.files(), out.files())
	}, worlds()))
}

// written is a random World as text, and what it means.
type written struct {
	documents []string
	perFile   int
	means     []string
}

func (w written) text() string { return strings.Join(w.documents, "---\n") }

func (w written) files() fs.FS {
	out := fstest.MapFS{}
	for i, chunk := range slices.Collect(slices.Chunk(w.documents, w.perFile)) {
		out[fmt.Sprintf("d%d/f%d.yaml", i%2, i)] = &fstest.MapFile{Data: []byte(strings.Join(chunk, "---\n"))}
	}
	return out
}

func (w written) shuffled(order int64) written {
	r := rand.New(rand.NewSource(order))
	w.documents = slices.Clone(w.documents)
	r.Shuffle(len(w.documents), func(i, j int) { w.documents[i], w.documents[j] = w.documents[j], w.documents[i] })
	w.perFile = 1 + r.Intn(4)
	return w
}

func (w written) formatted(format func([]byte) ([]byte, diag.List)) written {
	w.documents = slices.Clone(w.documents)
	for i, d := range w.documents {
		out, errs := format([]byte(d))
		if len(errs) > 0 {
			out = []byte(errs.Error())
		}
		w.documents[i] = string(out)
	}
	return w
}

// worlds makes Worlds of devices, fleets, deployments, assignments and policies, each text in
// a random style of YAML.
func worlds() gopter.Gen {
	return func(p *gopter.GenParameters) *gopter.GenResult {
		g := &generator{Rand: p.Rng, params: p, vocabulary: selectorstest.Small()}
		return gopter.NewGenResult(g.world(), gopter.NoShrinker)
	}
}

type generator struct {
	*rand.Rand
	params     *gopter.GenParameters
	vocabulary selectorstest.Vocabulary
	out        written
}

// texts are what labels and environments hold: all that YAML may take for something else.
var texts = []string{
	"prod", "1", "1.10", "yes", "no", "true", "null", "~", "", "0x1", "010", "1_000", "it's", `"quoted"`, "a: b", "a #b", "# c", "- d",
	"{e}", "[f]", "&g", "*h", "!i", "|", ">", "@j", "`k", "%l", "ü\tß", " lead", "trail ", "two\nlines", "\nthree\n\nlines\n", "\u2028",
	"2024-01-01", ".inf", "<<", "=", "\\", "'", "\x7f", "日本語",
}

func (g *generator) world() written {
	scope := g.vocabulary.Scope()
	var lines [6][]string
	for i := range 1 + g.Intn(4) {
		id := fmt.Sprintf("edge%d.example.org", i)
		labels := map[string]string{"ring": g.one(texts)}
		for range g.Intn(4) {
			labels[g.one(texts[:9])+"k"] = g.one(texts)
		}
		gone := g.Intn(2) == 0
		spec := "  labels:\n"
		for _, k := range slices.Sorted(maps.Keys(labels)) {
			v := labels[k]
			spec += "    " + g.scalar(k, "", false) + ": " + g.scalar(v, "    ", true)
		}
		g.document("Device", id, fmt.Sprintf("%s  decommissioned: %t\n", spec, gone))
		text, _ := json.Marshal(labels)
		lines[0] = append(lines[0], fmt.Sprintf("device %s %s decommissioned=%t", id, text, gone))
	}
	for _, name := range slices.Sorted(maps.Keys(g.vocabulary.Names)) {
		b := g.vocabulary.Names[name]
		x := b.Expr()
		kind, n := "Fleet", 1
		if b.Sort() == selectors.AssignmentSort {
			kind, n = "Assignment", 3
		}
		lines[n] = append(lines[n], g.define(kind, name, x, scope))
	}
	full := g.vocabulary
	full.Observed = true
	for i := range 1 + g.Intn(3) {
		x := g.sample(full.Fleets())
		if g.Intn(3) == 0 {
			x = selectors.Take{X: x, Amount: selectors.Amount{Count: g.Intn(3)}}
		}
		lines[1] = append(lines[1], g.define("Fleet", fmt.Sprintf("f%d", i), x, scope))
		x = g.sample(full.Assignments())
		lines[3] = append(lines[3], g.define("Assignment", fmt.Sprintf("z%d", i), x, scope))
	}
	for _, app := range slices.Sorted(maps.Keys(scope.Versions)) {
		for _, v := range scope.Versions[app] {
			lines[2] = append(lines[2], g.deployment(app, v))
		}
	}
	for i := range g.Intn(3) {
		match := g.sample(g.vocabulary.Selectors())
		message := "m" + g.one(texts)
		name := fmt.Sprintf("p%d", i)
		g.document("Policy", name, "  cel: 'true'\n  match: "+g.scalar(selectors.Print(match), "  ", true)+"  message: "+g.scalar(message, "  ", true))
		lines[4] = append(lines[4], fmt.Sprintf("policy %s cel %q scope=action level=deny match=%s message=%q params=null",
			name, "true", selectors.Print(match), message))
	}
	for _, app := range slices.Sorted(maps.Keys(scope.Versions)) {
		if g.Intn(2) == 0 {
			lines[5] = append(lines[5], g.rollout(app))
		}
	}
	for _, l := range lines {
		slices.Sort(l)
		g.out.means = append(g.out.means, l...)
	}
	g.out.means = append(g.out.means, "gates: none=false strict=false")
	g.out.perFile = 1 + g.Intn(4)
	return g.out
}

func (g *generator) sample(of gopter.Gen) selectors.Expr {
	v, ok := of(g.params).Retrieve()
	if !ok {
		panic("a generator gave nothing")
	}
	return v.(selectors.Expr)
}

func (g *generator) one(of []string) string { return of[g.Intn(len(of))] }

func (g *generator) document(kind, name, spec string) {
	g.out.documents = append(g.out.documents, fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: %s}\nspec:\n%s", worldfile.APIVersion, kind, name, spec))
}

func (g *generator) define(kind, name string, x selectors.Expr, scope selectors.Scope) string {
	spec := "  expression: " + g.scalar(selectors.Print(x), "  ", true)
	b, err := selectors.Bind(x, scope)
	if err != nil {
		panic(err)
	}
	line := fmt.Sprintf("%s @%s = %s", strings.ToLower(kind), name, selectors.Print(b.Expr()))
	if kind == "Assignment" {
		line += " abstract=false"
	}
	switch {
	case b.Takes():
		nodes := selectors.Nodes{Names: []string{"edge001", "edge002", "gw7"}[:1+g.Intn(3)]}
		g.document(kind, name, spec+"  frozen: "+g.scalar(selectors.Fold(nodes.Names), "  ", true))
		return fmt.Sprintf("fleet @%s = %s%s", name, selectors.Print(nodes), remarks(false, b))
	case b.Effect() != selectors.Static:
		g.document(kind, name, spec+"  dynamic: true\n")
		return line + remarks(true, nil)
	}
	g.document(kind, name, spec)
	return line
}

func (g *generator) deployment(app, version string) string {
	name, env := app+"-"+version, g.one(texts)
	g.document("Deployment", name, fmt.Sprintf("  app: %s\n  version: %s\n  podman:\n    containers:\n    - name: c\n      image: x\n      env:\n        E: %s",
		app, version, g.scalar(env, "        ", true)))
	d, err := algebra.NewDeployment(algebra.DeploymentSpec{
		App: algebra.MustApp(app), Version: algebra.MustVersion(version),
		Podman: &algebra.Podman{Containers: []algebra.Container{{Name: "c", Image: "x", Env: map[string]algebra.EnvValue{"E": {Literal: env}}}}},
	})
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("deployment %s %s", name, d.Canonical())
}

func (g *generator) rollout(app string) string {
	fleet := g.sample(g.vocabulary.Fleets())
	r := algebra.DefaultRollout()
	r.Name, r.App = "r-"+app, algebra.MustApp(app)
	bound, err := selectors.Bind(fleet, g.vocabulary.Scope())
	if err != nil {
		panic(err)
	}
	share, most := 1+g.Intn(99), 1+g.Intn(9)
	r.Waves = []algebra.Wave{algebra.FleetWave{Fleet: bound}, algebra.ShareWave{Share: selectors.Percent(100 * share)}, algebra.RestWave{}}
	r.Budget = algebra.Budget{Max: selectors.Amount{Count: most}, By: selectors.Key{Label: true, Name: "site"}}
	r.Gate.Soak, r.MaxPerMinute, r.OnFailure = time.Duration(most)*time.Minute, share, algebra.Rollback
	g.document("Rollout", r.Name, fmt.Sprintf("  for: %s\n  waves:\n  - fleet: %s  - {percent: %d}\n  budget: {by: 'label(\"site\")', maxUnavailable: %d}\n"+
		"  gate: {soak: %dm}\n  onFailure: rollback\n  maxPerMinute: %d\n", app, g.scalar(selectors.Print(fleet), "    ", true), share, most, most, share))
	return "rollout " + r.Text()
}

// scalar writes a text in one of the styles that can hold it; a value ends its line.
func (g *generator) scalar(s, indent string, value bool) string {
	end := ""
	if value {
		end = "\n"
	}
	printable := !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
	letter := s != "" && unicode.IsLetter(rune(s[0])) && s[0] < 0x80
	plain := printable && letter && strings.TrimSpace(s) == s && !strings.ContainsAny(s, ":#") && s != "null"
	block := value && strings.Contains(s, "\n") && !strings.HasPrefix(s, "\n") && !strings.HasPrefix(s, " ")
	switch style := g.Intn(4); {
	case style == 0 && plain:
		return s + end
	case style == 1 && printable:
		return "'" + strings.ReplaceAll(s, "'", "''") + "'" + end
	case style == 2 && block:
		chomp := "-"
		if strings.HasSuffix(s, "\n") {
			chomp = ""
		}
		return "|" + chomp + "\n" + indent + "  " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n"+indent+"  ") + "\n"
	}
	var b strings.Builder
	for _, r := range s {
		if r >= ' ' && r < 0x7f && r != '"' && r != '\\' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return `"` + b.String() + `"` + end
}
