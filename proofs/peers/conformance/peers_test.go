package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// setting is a number from the environment.
func setting(t testing.TB, name string, otherwise int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func chance(t testing.TB) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(setting(t, "PEERS_SEED", 1)), 2))
}

func cases(t testing.TB) int { return setting(t, "PEERS_CASES", 20_000) }

func one[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// tally counts what a comparison found, and fails on a disagreement.
type tally struct {
	texts, refused, verdicts, disagreements int
}

func (c *tally) differ(t *testing.T, format string, args ...any) {
	t.Helper()
	if c.disagreements++; c.disagreements <= 10 {
		t.Errorf(format, args...)
	}
}

// report fails besides if less than a share of the texts was translated.
func (c *tally) report(t *testing.T, with string, least float64) {
	t.Helper()
	t.Logf("%s: %d texts, %d of them refused here, %d verdicts, %d disagreements", with, c.texts, c.refused, c.verdicts, c.disagreements)
	if have := 1 - float64(c.refused)/float64(c.texts); have < least {
		t.Errorf("only %.0f %% of the texts are translated, want %.0f %%", 100*have, 100*least)
	}
}

// bound resolves an expression in which each group is a fleet of that name.
func bound(t *testing.T, x selectors.Expr, names map[string]*selectors.Bound) *selectors.Bound {
	t.Helper()
	text := selectors.Print(x)
	back, err := selectors.Parse(text)
	if err != nil {
		t.Fatalf("%s is not read back: %v", text, err)
	}
	b, err := selectors.Bind(back, selectors.Scope{Names: names})
	if err != nil {
		t.Fatalf("%s does not bind: %v", text, err)
	}
	return b
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// ids is the devices of a fleet expression, sorted.
func ids(roster *algebra.Roster, b *selectors.Bound) []string {
	var out []string
	world := algebra.World{}
	for d := range world.On(algebra.NewReality(roster, epoch)).Fleet(b).IDs() {
		out = append(out, d.String())
	}
	slices.Sort(out)
	return out
}

// ask runs a driver in Python, one JSON value a line in and one out.
func ask[Q, A any](t *testing.T, script string, args []string, questions []Q) []A {
	t.Helper()
	var in, errs bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, q := range questions {
		if err := enc.Encode(q); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/usr/bin/python3", append([]string{script}, args...)...)
	cmd.Stdin, cmd.Stderr = &in, &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, errs.String())
	}
	dec := json.NewDecoder(bytes.NewReader(out))
	answers := make([]A, len(questions))
	for i := range answers {
		if err := dec.Decode(&answers[i]); err != nil {
			t.Fatalf("%s: answer %d of %d: %v\n%s", script, i+1, len(questions), err, errs.String())
		}
	}
	return answers
}

// needs skips the test where a module of Python is missing.
func needs(t *testing.T, module, pkg string) {
	t.Helper()
	if err := exec.Command("/usr/bin/python3", "-c", "import "+module).Run(); err != nil {
		t.Skipf("skipped: no %s here; apt-get install %s", module, pkg)
	}
}

func pretty(v any) string { return fmt.Sprintf("%.300v", v) }
