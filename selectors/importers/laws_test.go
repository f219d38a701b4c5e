package importers_test

import (
	"math/rand"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/importers"
	"github.com/musterfleet/muster/selectors/importers/inventory"
)

const seed = 20261123

// runs is how many cases a law is tried on.
const runs = 500

func parameters() *gopter.TestParameters {
	p := gopter.DefaultTestParametersWithSeed(seed)
	p.MinSuccessfulTests, p.MinSize = runs, 1
	return p
}

// check runs a property; a failing one is reported with the seed.
func check(t *testing.T, p gopter.Prop) {
	t.Helper()
	if r := p.Check(parameters()); !r.Passed() {
		t.Errorf("seed %d: %v: %s %v %v", seed, r.Status, strings.Join(r.Labels, ", "), r.Args, r.Error)
	}
}

// from draws values by a function of chance.
func from[T any](draw func(*rand.Rand) T) gopter.Gen {
	return func(p *gopter.GenParameters) *gopter.GenResult {
		return gopter.NewGenResult(draw(p.Rng), gopter.NoShrinker)
	}
}

// exact is the law of a translator: its result admits a device exactly where the sentence does.
// It counts the devices that are admitted.
func exact(t *testing.T, l language, admitted *int) gopter.Prop {
	return prop.ForAll(func(s sentence, d device) bool {
		x, err := l.translate(s.text)
		if err != nil {
			return false
		}
		wellFormed(t, x)
		want := s.admits(d)
		if want {
			*admitted++
		}
		return admits(t, x, d, groupNames()) == want
	}, from(l.write), from(randomDevice))
}

func TestTranslationsAdmitTheSame(t *testing.T) {
	for _, l := range languages() {
		t.Run(l.name, func(t *testing.T) {
			admitted := 0
			check(t, exact(t, l, &admitted))
			if admitted < runs/5 || admitted > runs*4/5 {
				t.Errorf("the sentences admit %d of %d devices: they say too little", admitted, runs)
			}
		})
	}
}

// wrongs are translators with a mistake that people make with the language.
func wrongs() map[string]func(string) (selectors.Expr, error) {
	rewritten := func(translate func(string) (selectors.Expr, error), old, new string) func(string) (selectors.Expr, error) {
		return func(s string) (selectors.Expr, error) {
			x, err := translate(s)
			if err != nil {
				return nil, err
			}
			return selectors.Parse(regexp.MustCompile(old).ReplaceAllString(selectors.Print(x), new))
		}
	}
	return map[string]func(string) (selectors.Expr, error){
		// != wants the label to be there
		"k8s": rewritten(importers.Kubernetes, `(label\("\w+"\)) != `, `has($1) & $1 != `),
		// patterns are read from left to right
		"ansible": func(s string) (selectors.Expr, error) {
			var out selectors.Expr = selectors.Universe{Empty: true}
			for _, p := range regexp.MustCompile(`[:, ]+`).Split(s, -1) {
				op := map[byte]selectors.BinaryOp{'&': selectors.And, '!': selectors.Minus}[p[0]]
				if op == 0 {
					op = selectors.Or
				}
				x, err := importers.Ansible(strings.TrimLeft(p, "&!"), importers.AnsibleOptions{})
				if err != nil {
					return nil, err
				}
				out = selectors.Binary{Op: op, L: out, R: x}
			}
			return out, nil
		},
		// & binds closer than a comma
		"nodeset": func(s string) (selectors.Expr, error) {
			var out selectors.Expr = selectors.Universe{Empty: true}
			for part := range strings.SplitSeq(s, ",") {
				x, err := importers.Nodeset(part, nil)
				if err != nil {
					return nil, err
				}
				out = selectors.Binary{Op: selectors.Or, L: out, R: x}
			}
			return out, nil
		},
		// matches wants the whole text
		"bexpr": rewritten(importers.Bexpr, `(~ "(?:\.\*)?[^"]*?)\.\*"`, `$1"`),
		// case counts
		"salt": rewritten(importers.Salt, `\(\?i:`, `(?:`),
	}
}

func TestTranslationLawSeesWrongTranslations(t *testing.T) {
	planted := wrongs()
	for _, l := range languages() {
		l.translate = planted[l.name]
		n := 0
		if exact(t, l, &n).Check(parameters()).Passed() {
			t.Errorf("%s: a wrong translation passes", l.name)
		}
	}
}

// returns is the law of export: what is exported and imported again admits the same devices.
func returns(t *testing.T, export func(*selectors.Bound) (string, error), done *int) gopter.Prop {
	l := languages()[0]
	return prop.ForAll(func(s sentence, d device, negate bool) bool {
		x, err := l.translate(s.text)
		if err != nil {
			return false
		}
		if negate { // most complements are choices, which are refused
			x = selectors.Not{X: x}
		}
		b, err := selectors.Bind(x, selectors.Scope{})
		if err != nil {
			return false
		}
		text, err := export(b)
		if err != nil {
			return negate
		}
		back, err := importers.Kubernetes(text)
		if err != nil {
			return false
		}
		*done++
		return admits(t, back, d, nil) == admits(t, x, d, nil)
	}, from(l.write), from(randomDevice), from(func(r *rand.Rand) bool { return r.Intn(4) == 0 }))
}

func TestExportIsImportedAgain(t *testing.T) {
	done := 0
	check(t, returns(t, importers.ToKubernetes, &done))
	if done < runs/2 {
		t.Errorf("%d of %d are exported: too few", done, runs)
	}
}

func TestExportLawSeesWrongExports(t *testing.T) {
	n := 0
	for name, wrong := range map[string]func(string) string{
		"a lost !":        func(s string) string { return strings.Replace(s, "!", "", 1) },
		"a lost notin":    func(s string) string { return strings.Replace(s, "notin", "in", 1) },
		"a lost last one": func(s string) string { return s[:max(strings.LastIndexByte(s, ','), 0)] },
	} {
		planted := returns(t, func(b *selectors.Bound) (string, error) {
			text, err := importers.ToKubernetes(b)
			return wrong(text), err
		}, &n)
		if planted.Check(parameters()).Passed() {
			t.Errorf("%s passes", name)
		}
	}
}

// way is how a pattern is said against an inventory.
type way func(*inventory.Inventory) importers.AnsibleOptions

func as(n importers.Names) way {
	return func(v *inventory.Inventory) importers.AnsibleOptions {
		return importers.AnsibleOptions{Inventory: v, Names: n, Unknown: true}
	}
}

// agree is the law of inventories: on the devices made from one, a pattern admits the same
// hosts however its groups are said.
func agree(t *testing.T, ways []way, admitted *int) gopter.Prop {
	return prop.ForAll(func(v *inventory.Inventory, s sentence) bool {
		names := map[string]func(device) bool{}
		for _, g := range v.Groups {
			names[g.Name] = func(d device) bool { return slices.Contains(g.Hosts, d.name) }
		}
		var first []bool
		for i, way := range ways {
			x, err := importers.Ansible(s.text+",w*", way(v))
			if err != nil {
				return false
			}
			who := make([]bool, len(v.Hosts))
			for j, h := range v.Hosts {
				if who[j] = admits(t, x, device{name: h.Name, labels: h.Labels}, names); who[j] {
					*admitted++
				}
			}
			if i == 0 {
				first = who
			}
			if !slices.Equal(first, who) {
				return false
			}
		}
		return true
	}, from(randomInventory), from(ansibleSentence))
}

var everyWay = []way{as(importers.AsHosts), as(importers.AsLabels), as(importers.AsFleets)}

func randomInventory(r *rand.Rand) *inventory.Inventory {
	var b strings.Builder
	for i, g := range someGroups {
		b.WriteString("[" + g + "]\n")
		for range r.Intn(3) {
			b.WriteString(oneOf(r, someNames) + "\n")
		}
		if i > 0 && r.Intn(2) == 0 {
			b.WriteString("[" + g + ":children]\n" + someGroups[i-1] + "\n")
		}
	}
	b.WriteString("[ungrouped]\n" + oneOf(r, someNames) + "\n")
	v, err := inventory.Read("x.ini", []byte(b.String()))
	if err != nil {
		panic(err)
	}
	return v
}

func TestWaysToSayHostsAgree(t *testing.T) {
	admitted := 0
	check(t, agree(t, everyWay, &admitted))
	if admitted < runs {
		t.Errorf("%d hosts in %d cases: too few", admitted, runs)
	}
}

// TestWaysLawSeesForgottenHosts plants a way that has only the first host of each group.
func TestWaysLawSeesForgottenHosts(t *testing.T) {
	forgetful := func(v *inventory.Inventory) importers.AnsibleOptions {
		less := *v
		less.Groups = slices.Clone(v.Groups)
		for i, g := range less.Groups {
			less.Groups[i].Hosts = g.Hosts[:min(len(g.Hosts), 1)]
		}
		return as(importers.AsHosts)(&less)
	}
	n := 0
	if agree(t, append(slices.Clone(everyWay), forgetful), &n).Check(parameters()).Passed() {
		t.Error("an inventory that forgets hosts passes")
	}
}
