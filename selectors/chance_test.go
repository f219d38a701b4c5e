package selectors_test

import (
	"fmt"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/selectors"
)

// nestingLaw: whoever is in a sample is in every larger one of the same seed; the whole holds
// all, and nothing none.
func nestingLaw(admits func(selectors.Sample, string) bool, between *int) gopter.Prop {
	return prop.ForAll(func(seed, id string, a, b uint16) bool {
		small := selectors.Sample{Share: selectors.Percent(min(a, b)), Seed: seed}
		large := selectors.Sample{Share: selectors.Percent(max(a, b)), Seed: seed}
		if admits(small, id) && !admits(large, id) {
			return false
		}
		if admits(large, id) && !admits(small, id) {
			*between++
		}
		return admits(selectors.Sample{Share: 10_000, Seed: seed}, id) && !admits(selectors.Sample{Seed: seed}, id)
	}, gen.AlphaString(), gen.AnyString(), gen.UInt16Range(0, 10_000), gen.UInt16Range(0, 10_000))
}

func TestSamplesNest(t *testing.T) {
	between := 0
	check(t, nestingLaw(selectors.Sample.Admits, &between))
	if between < runs/5 {
		t.Errorf("two samples differed in %d of %d cases only", between, runs)
	}
}

// TestNestingLawSeesAnotherDraw plants a sample that draws anew for each share.
func TestNestingLawSeesAnotherDraw(t *testing.T) {
	n := 0
	planted := nestingLaw(func(x selectors.Sample, id string) bool {
		x.Seed += x.Share.String()
		return x.Admits(id)
	}, &n)
	if planted.Check(parameters()).Passed() {
		t.Error("samples drawn anew for each share pass")
	}
}

// The buckets are part of what a stored World means: they never change.
func TestBucketsStay(t *testing.T) {
	have := fmt.Sprint(selectors.Bucket("rollout-42", "edge-001"), selectors.Bucket("rollout-42", "edge-002"), selectors.Bucket("", ""), selectors.TakeRank("gw7"))
	if want := "8275 9864 1483 16890781876563114572"; have != want {
		t.Errorf("have %s, want %s", have, want)
	}
}

func TestShares(t *testing.T) {
	for text, want := range map[string]string{"5%": "5%", "05.50%": "5.5%", "0.05%": "0.05%", "100%": "100%", "0%": "0%"} {
		x, err := selectors.Parse("sample(" + text + `, "")`)
		if err != nil || selectors.Print(x) != "sample("+want+`, "")` {
			t.Errorf("%s: %v, %v", text, x, err)
		}
	}
	for _, c := range []struct {
		share   selectors.Percent
		n, want int
	}{{0, 10, 0}, {1, 10, 1}, {500, 10, 1}, {1000, 10, 1}, {1001, 10, 2}, {10_000, 10, 10}, {500, 0, 0}} {
		if have := c.share.Of(c.n); have != c.want {
			t.Errorf("%s of %d is %d, want %d", c.share, c.n, have, c.want)
		}
	}
}
