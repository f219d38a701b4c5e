package oracletest_test

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/proofs/oracletest"
)

// kinds are the questions that are drawn, and how many of each go into the corpus.
var kinds = []struct {
	name string
	keep int
	draw func(oracletest.Dice) string
}{
	{"world", 900, oracletest.Dice.World},
	{"courses", 700, oracletest.Dice.Courses},
	{"claims", 500, oracletest.Dice.Claims},
	{"difference", 400, oracletest.Dice.Difference},
	{"decision", 500, oracletest.Dice.Decision},
	{"waves", 400, oracletest.Dice.Waves},
	{"budget", 400, oracletest.Dice.Budget},
	{"limit", 200, oracletest.Dice.Limit},
	{"merge", 400, oracletest.Dice.Merge},
}

// lines are random questions; those about worlds shrink by leaving things out.
func lines(draw func(oracletest.Dice) string, wild bool) gopter.Gen {
	return func(p *gopter.GenParameters) *gopter.GenResult {
		shrink := func(v any) gopter.Shrink {
			smaller := oracletest.Smaller(v.(string))
			return func() (any, bool) {
				if len(smaller) == 0 {
					return nil, false
				}
				next := smaller[0]
				smaller = smaller[1:]
				return next, true
			}
		}
		return &gopter.GenResult{Result: draw(oracletest.Dice{R: p.Rng, Wild: wild}), ResultType: reflect.TypeFor[string](), Shrinker: shrink}
	}
}

func start(t *testing.T) *oracletest.Live {
	t.Helper()
	if oracletest.Program() == "" {
		t.Skip("MUSTER_ORACLE names no oracle (make proofs builds one); TestCorpusIsReplayed compares with its recorded answers")
	}
	live, err := oracletest.Start(oracletest.Program())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := live.Close(); err != nil {
			t.Error(err)
		}
	})
	return live
}

// agree compares the code with the model on one line, and the line with what the model read. It
// gives the model's answer.
func agree(live *oracletest.Live, engine oracletest.Engine, line string) (answer string, err error) {
	want, err := live.Ask(line)
	if err != nil {
		return "", err
	}
	if read, err := live.Ask("(echo " + line + ")"); err != nil || read != line {
		return "", fmt.Errorf("the oracle read\n%s\nas\n%s\n%v", line, read, err)
	}
	if have := engine.Answer(line); have != want {
		return "", fmt.Errorf("%s\nmodel %s\ncode  %s", line, want, have)
	}
	return want, nil
}

// classes counts what occurs in how many cases.
type classes struct {
	met   map[string]int
	cases int
}

func (c *classes) engine() oracletest.Engine {
	c.met = map[string]int{}
	e := oracletest.Go()
	e.Met = func(class string) { c.met[class]++ }
	return e
}

// ofPlans are the classes of questions about worlds.
var ofPlans = []string{
	"nothing to do", "relabel", "takes values",
	"start_because_assigned", "replace_because_version_changed", "replace_because_values_changed", "stop_because_unassigned",
	"blocked: conflict", "blocked: resource_clash", "blocked: requirement_missing", "blocked: refused_by_device",
	"blocked: device_revoked", "blocked: value_missing", "blocked: quarantined",
}

// enough fails if a class occurs in fewer than one case of twenty.
func (c *classes) enough(t *testing.T, of string, all []string, but ...string) {
	t.Helper()
	for _, class := range all {
		if slices.Contains(but, class) {
			continue
		}
		t.Logf("%-12s %-35s %5d of %d, %4.1f %%", of, class, c.met[class], c.cases, 100*float64(c.met[class])/float64(c.cases))
		if c.met[class]*20 < c.cases {
			t.Errorf("%s: %s in %d of %d cases, want one of twenty", of, class, c.met[class], c.cases)
		}
	}
}

// TestCodeIsTheModel asks both, for type-directed and for arbitrary questions.
func TestCodeIsTheModel(t *testing.T) {
	live := start(t)
	for _, kind := range kinds {
		for _, wild := range []bool{false, true} {
			var c classes
			engine := c.engine()
			n, head := 2*kind.keep, ""
			algebratest.Law(t, n)(prop.ForAll(func(line string) (bool, error) {
				c.cases++
				answer, err := agree(live, engine, line)
				if err == nil {
					head, _, _ = strings.Cut(line[1:], " ")
					for _, class := range oracletest.ClassesOf(oracletest.Case{Ask: line, Answer: answer}) {
						c.met[class]++
					}
				}
				return err == nil, err
			}, lines(kind.draw, wild)))
			t.Logf("%-12s %-9s %d cases", kind.name, map[bool]string{true: "arbitrary", false: "typed"}[wild], c.cases)
			if all := oracletest.Classes[head]; !wild && kind.name == "world" {
				c.enough(t, kind.name, ofPlans)
			} else if !wild {
				c.enough(t, kind.name, all)
			}
		}
	}
}

// TestSituationsAreTheModels puts the worlds of the other tests to the model, whole expressions and all.
func TestSituationsAreTheModels(t *testing.T) {
	live := start(t)
	var c classes
	engine := c.engine()
	algebratest.Law(t, 2000)(prop.ForAll(func(s algebratest.Situation) (bool, error) {
		c.cases++
		_, err := agree(live, engine, oracletest.Ask(s))
		return err == nil, err
	}, algebratest.Situations()))
	c.enough(t, "situations", ofPlans, "nothing to do", "blocked: quarantined") // drawn worlds have them in plenty
}

// TestEverySmallWorldIsTheModels leaves no small case out.
func TestEverySmallWorldIsTheModels(t *testing.T) {
	live := start(t)
	for _, small := range []struct {
		name string
		all  iter.Seq[string]
	}{
		{"worlds", oracletest.SmallWorlds()}, {"differences", oracletest.SmallDifferences()}, {"waves", oracletest.SmallWaves()},
		{"budgets", oracletest.SmallBudgets()}, {"merges", oracletest.SmallMerges()},
	} {
		n := 0
		for line := range small.all {
			n++
			if _, err := agree(live, oracletest.Go(), line); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("all %d small %s", n, small.name)
	}
}
