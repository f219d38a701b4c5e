package oracletest_test

import (
	"math/rand"
	"reflect"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/proofs/oracletest"
)

// nodes are lists of words of any bytes and of lists.
func nodes() gopter.Gen {
	var list func(r *rand.Rand, depth int) oracletest.Node
	list = func(r *rand.Rand, depth int) oracletest.Node {
		var out []oracletest.Node
		for range r.Intn(4) {
			if depth > 0 && r.Intn(2) == 0 {
				out = append(out, list(r, depth-1))
				continue
			}
			word := make([]byte, r.Intn(4))
			for i := range word {
				word[i] = byte(r.Intn(256))
			}
			out = append(out, oracletest.W(string(word)))
		}
		return oracletest.L(out...)
	}
	return func(p *gopter.GenParameters) *gopter.GenResult {
		return &gopter.GenResult{Result: list(p.Rng, 3), ResultType: reflect.TypeFor[oracletest.Node](), Shrinker: gopter.NoShrinker}
	}
}

// readBackLaw: a line is one line of plain words, and is read back as what was written.
func readBackLaw(write func(oracletest.Node) string) gopter.Prop {
	return prop.ForAll(func(n oracletest.Node) bool {
		line := write(n)
		back, err := oracletest.Parse(line)
		return err == nil && !strings.ContainsAny(line, "\n\t") && reflect.DeepEqual(back, n)
	}, nodes())
}

func TestLinesAreReadBack(t *testing.T) {
	algebratest.Law(t, 2000)(readBackLaw(oracletest.Node.String))
}

func TestLineLawSeesLostBytes(t *testing.T) {
	check := algebratest.Planted(t, 400)
	check("words are not escaped", readBackLaw(func(n oracletest.Node) string { return strings.ReplaceAll(n.String(), "%", "") }))
	check("an empty word is nothing", readBackLaw(func(n oracletest.Node) string { return strings.ReplaceAll(n.String(), "~", "") }))
}

// noLines are texts that neither side takes for a question.
var noLines = []string{"", "word", "(", "(diff", "(diff))", "(diff) x", "(diff %2)", "(diff %zz)", "(nothing)", "(diff () ())", "(limit (count x) 3)", "(waves () () (every))"}

// TestModelRefusesWhatIsNoQuestion: a program that guessed would agree with anything.
func TestModelRefusesWhatIsNoQuestion(t *testing.T) {
	live := start(t)
	for _, line := range noLines {
		if answer, err := live.Ask(line); err != nil || !strings.HasPrefix(answer, "(error ") {
			t.Errorf("%q: %s, %v", line, answer, err)
		}
	}
	if answer, err := live.Ask("(limit (count 2) 3)"); err != nil || answer != "2" {
		t.Errorf("after what is no question: %s, %v", answer, err)
	}
}

func TestCodeRefusesWhatIsNoQuestion(t *testing.T) {
	for _, line := range noLines {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q: answered", line)
				}
			}()
			oracletest.Go().Answer(line)
		}()
	}
}
