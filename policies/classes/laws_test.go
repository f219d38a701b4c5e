package classes_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/planner/planfile"
	"github.com/musterfleet/muster/policies/classes"
)

const (
	seed = 20261125
	runs = 300
)

// at is the naive reading of a path: in the change's JSON.
func at(c *planfile.Change, p classes.Path) string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		panic(err)
	}
	if len(p) > 0 && p[0] == classes.Deployment {
		side := "after"
		if c.Change.After == nil {
			side = "before"
		}
		p = append(classes.Path{"change", side}, p[1:]...)
	}
	for _, key := range p {
		object, ok := v.(map[string]any)
		if !ok {
			return "nothing" // below null
		}
		if v, ok = object[key]; !ok {
			return "missing"
		}
	}
	b, err = json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

var paths = []classes.Path{
	{}, {"id"}, {"address"}, {"name"}, {"batch"}, {"disruptive"}, {"requires"}, {"change"}, {"change", "actions"},
	{"change", "after"}, {"change", "before", "app"}, {"change", "before", "podman", "containers"}, {"change", "after_labels"},
	{"change", "after_labels", "x"}, {"deployment"}, {"deployment", "podman"}, {"deployment", "values", "x"}, {"device"},
	{"device", "labels"}, {"device", "labels", "x"}, {"device", "facts", "x"}, {"device", "reachable"}, {"source", "line"}, {"nonsense"},
}

var words = gen.OneConstOf("", "a", "b")

// maps are nil, empty, or have one or two keys.
var maps = gopter.CombineGens(gen.IntRange(0, 3), words, words).Map(func(v []any) map[string]string {
	switch v[0].(int) {
	case 0:
		return nil
	case 1:
		return map[string]string{}
	case 2:
		return map[string]string{"x": v[1].(string)}
	}
	return map[string]string{"x": v[1].(string), "y": v[2].(string)}
})

var deployments = gopter.CombineGens(gen.IntRange(0, 4), words, maps).Map(func(v []any) *planfile.Deployment {
	d := &planfile.Deployment{App: v[1].(string), Values: v[2].(map[string]string), Digest: "sha256:same"}
	switch v[0].(int) {
	case 0:
		return nil
	case 1:
		d.Podman.Containers = []planfile.Container{{Image: "r/x:1", Ports: []planfile.Port{{Host: 80}}}}
	case 2:
		d.Podman.Containers = []planfile.Container{}
	}
	return d
})

var changes = gen.SliceOfN(12, gopter.CombineGens(words, maps, maps, deployments, deployments, gen.IntRange(0, 2)).Map(func(v []any) planfile.Change {
	return planfile.Change{Name: v[0].(string), Batch: v[5].(int), Disruptive: v[5].(int) == 1,
		Device: planfile.Device{Labels: v[1].(map[string]string), Facts: v[2].(map[string]string)},
		Change: planfile.Transition{Before: v[3].(*planfile.Deployment), After: v[4].(*planfile.Deployment),
			Actions: [][]string{{"create"}, {"delete"}, {"delete", "create"}}[v[5].(int)], AfterLabels: v[1].(map[string]string)}}
}), reflect.TypeFor[planfile.Change]())

// lawful reports whether a partition is that of the naive reading, and how often two changes
// fell together and apart.
func lawful(t *testing.T, partition func(*classes.Table, []classes.Path) classes.Partition) (ok bool, together, apart int) {
	parameters := gopter.DefaultTestParametersWithSeed(seed)
	parameters.MinSuccessfulTests, parameters.MinSize, parameters.MaxSize = runs, 12, 24
	law := prop.ForAll(func(list []planfile.Change, one, other int) string {
		var all []*planfile.Change
		for i := range list {
			list[i].ID = fmt.Sprintf("c%d", i)
			list[i].Address = list[i].ID
			all = append(all, &list[i])
		}
		chosen := []classes.Path{paths[one], paths[other]}
		p := partition(classes.NewTable(all), chosen)
		next := 0
		read := make([][2]string, len(all))
		for i, a := range all {
			read[i] = [2]string{at(a, chosen[0]), at(a, chosen[1])}
			if int(p.Of[i]) == next {
				if p.First[next] != i {
					return "First is not the first"
				}
				next++
			}
			for j := range i {
				same := read[i] == read[j]
				if same != (p.Of[i] == p.Of[j]) {
					return fmt.Sprintf("%v: changes %d and %d: same is %v", chosen, i, j, same)
				}
				if same {
					together++
				} else {
					apart++
				}
			}
		}
		if next != len(p.First) {
			return "a class without changes"
		}
		return ""
	}, changes, gen.IntRange(0, len(paths)-1), gen.IntRange(0, len(paths)-1))
	result := law.Check(parameters)
	if !result.Passed() {
		t.Logf("seed %d: %v %v", seed, result.Labels, result.Args)
	}
	return result.Passed(), together, apart
}

func TestPartitionIsNaiveAgreement(t *testing.T) {
	ok, together, apart := lawful(t, (*classes.Table).Partition)
	if !ok {
		t.Error("the law does not hold")
	}
	if together < runs || apart < runs {
		t.Errorf("%d pairs fell together, %d apart: the law was tried on one side only", together, apart)
	}
}

func TestPartitionLawCatchesPlantedBugs(t *testing.T) {
	for name, bug := range map[string]func(*classes.Table, []classes.Path) classes.Partition{
		"one path is enough": func(t *classes.Table, p []classes.Path) classes.Partition { return t.Partition(p[:1]) },
		"digests are believed": func(t *classes.Table, p []classes.Path) classes.Partition {
			p = slices.Clone(p)
			for i := range p {
				if len(p[i]) > 1 && p[i][0] == classes.Deployment {
					p[i] = classes.Path{classes.Deployment, "digest"}
				}
			}
			return t.Partition(p)
		},
	} {
		if ok, _, _ := lawful(t, bug); ok {
			t.Errorf("not seen: %s", name)
		}
	}
}

// asked reports whether questions tell of every change what asking of it tells, where the answer is that of
// the reads: it objects to a change with a bad entry, or whose name is bad.
func asked(t *testing.T, questions func(*classes.Table, classes.Reads) classes.Questions) (ok bool, loud, silent, fewer int) {
	parameters := gopter.DefaultTestParametersWithSeed(seed)
	parameters.MinSuccessfulTests, parameters.MinSize, parameters.MaxSize = runs, 12, 24
	objects := func(c *planfile.Change) bool {
		if len(c.Device.Labels) == 0 {
			return c.Device.Labels == nil && c.Name == "b"
		}
		return c.Device.Labels["x"] == "a" || c.Device.Labels["y"] == "b" || c.Name == "a"
	}
	law := prop.ForAll(func(list []planfile.Change, twins bool) string {
		var all []*planfile.Change
		for i := range list {
			all = append(all, &list[i])
		}
		table := classes.NewTable(all)
		if twins { // which differ in what is not read
			for i := range list {
				twin := list[i]
				twin.Disruptive = !twin.Disruptive
				all = append(all, &twin)
			}
			table = classes.NewTwins(all, "disruptive")
		}
		q := questions(table, classes.Reads{Verdict: []classes.Path{{"name"}}, Each: classes.Labels})
		if len(q.Ask) < len(all) {
			fewer++
		}
		for i, c := range all {
			got := slices.ContainsFunc(q.Of(i), func(k uint32) bool { return objects(q.Ask[k]) })
			if got != objects(c) {
				return fmt.Sprintf("change %d of %d: %v", i, len(all), got)
			}
			if got {
				loud++
			} else {
				silent++
			}
		}
		return ""
	}, changes, gen.Bool())
	result := law.Check(parameters)
	if !result.Passed() {
		t.Logf("seed %d: %v %v", seed, result.Labels, result.Args)
	}
	return result.Passed(), loud, silent, fewer
}

func TestQuestionsTellOfEveryChange(t *testing.T) {
	ok, loud, silent, fewer := asked(t, (*classes.Table).Questions)
	if !ok {
		t.Error("the law does not hold")
	}
	if loud < runs || silent < runs || fewer < runs/2 {
		t.Errorf("%d changes were objected to, %d were not, %d lists needed fewer questions than changes: the law was tried on one side only", loud, silent, fewer)
	}
}

func TestQuestionsLawCatchesPlantedBugs(t *testing.T) {
	for name, bug := range map[string]func(*classes.Table, classes.Reads) classes.Questions{
		"classes do not matter": func(t *classes.Table, r classes.Reads) classes.Questions {
			return t.Questions(classes.Reads{Each: r.Each})
		},
		"entries do not matter": func(t *classes.Table, r classes.Reads) classes.Questions {
			return t.Questions(classes.Reads{Verdict: r.Verdict})
		},
	} {
		if ok, _, _, _ := asked(t, bug); ok {
			t.Errorf("not seen: %s", name)
		}
	}
}
