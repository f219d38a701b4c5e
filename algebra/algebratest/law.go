package algebratest

import (
	"os"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
)

// Seed is where the dice of every law start.
const Seed = 20261123

// Law gives a function that checks a property on n cases, ten times as many if MUSTER_SOAK is
// set. A failure names the seed.
func Law(t *testing.T, n int) func(gopter.Prop) {
	t.Helper()
	return func(p gopter.Prop) {
		t.Helper()
		if r := p.Check(Parameters(n)); !r.Passed() {
			t.Errorf("seed %d: %v after %d cases: %s\n%v\n%v", int64(Seed), r.Status, r.Succeeded, strings.Join(r.Labels, ", "), r.Error, r.Args)
		}
	}
}

// Planted reports that a property, made wrong on purpose, passes all the same: the law says
// nothing then.
func Planted(t *testing.T, n int) func(name string, wrong gopter.Prop) {
	t.Helper()
	return func(name string, wrong gopter.Prop) {
		t.Helper()
		if wrong.Check(Parameters(n)).Passed() {
			t.Errorf("seed %d: the law does not see the planted bug: %s", int64(Seed), name)
		}
	}
}

// Parameters are n cases from the fixed seed.
func Parameters(n int) *gopter.TestParameters {
	p := gopter.DefaultTestParametersWithSeed(Seed)
	p.MinSuccessfulTests, p.MinSize = n, 1
	if os.Getenv("MUSTER_SOAK") != "" {
		p.MinSuccessfulTests *= 10
	}
	return p
}
