package conformance

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/importers"
)

// labelled is a device of which only labels are known.
type labelled map[string]string

// Value gives a label.
func (l labelled) Value(k selectors.Key) (string, bool) {
	v, ok := l[k.Name]
	return v, ok && k.Label
}

var (
	keys   = []string{"a", "b", "ring", "example.org/site", "in", "notin", "A_b.c"}
	values = []string{"", "x", "y", "1", "in", "lyon", "a.b_c-d", "0", "3", "7", "007", "3.5", "12", "v2", "1e3", "9007199254740992",
		"9007199254740993", "9223372036854775295", "9223372036854775806", "9223372036854775807", "9223372036854775808", "00099999999999999999"}
	noise = []string{"", " ", ",", "!", "=", "(", ")", "a b", "-x", "é", "x/y/z", "*", "<", "\t", "==", "x=y=z", strings.Repeat("k", 64)}
)

func randomLabels(r *rand.Rand) map[string]string {
	set := map[string]string{}
	for _, k := range keys {
		if r.IntN(3) > 0 {
			set[k] = one(r, values)
		}
	}
	return set
}

func randomRequirement(r *rand.Rand) string {
	key := one(r, keys)
	blank := func() string { return one(r, []string{"", "", " ", "\t "}) }
	switch r.IntN(8) {
	case 0:
		return key
	case 1:
		return "!" + blank() + key
	case 2, 3:
		return key + blank() + one(r, []string{"=", "==", "!="}) + blank() + one(r, values)
	case 4:
		return key + blank() + one(r, []string{"<", ">"}) + blank() + one(r, values)
	case 5:
		return key + one(r, []string{"=", "<", "!", " in ", " notin", "in("}) + one(r, noise)
	}
	var list []string
	for range r.IntN(4) {
		list = append(list, blank()+one(r, values)+blank())
	}
	return key + " " + one(r, []string{"in", "notin"}) + blank() + "(" + strings.Join(list, ",") + ")"
}

func randomLabelSelector(r *rand.Rand) string {
	var list []string
	for range r.IntN(5) {
		list = append(list, randomRequirement(r))
	}
	text := strings.Join(list, one(r, []string{",", ", ", ",", " ,"}))
	if r.IntN(6) == 0 { // most likely no selector any more
		at := r.IntN(len(text) + 1)
		text = text[:at] + one(r, noise) + text[at:]
	}
	return text
}

// What apimachinery reads is translated, what it refuses is refused, and both judge every set of
// labels alike.
func TestKubernetesImport(t *testing.T) {
	r, count := chance(t), tally{}
	accepted := 0
	for range cases(t) {
		text := randomLabelSelector(r)
		theirs, wrong := labels.Parse(text)
		ours, err := importers.Kubernetes(text)
		count.texts++
		if (wrong == nil) != (err == nil) {
			count.differ(t, "%q: apimachinery says %v, muster says %v", text, wrong, err)
			continue
		}
		if wrong != nil {
			continue
		}
		accepted++
		b := bound(t, ours, nil)
		for range 5 {
			set := randomLabels(r)
			count.verdicts++
			if have, want := b.Matches(labelled(set)), theirs.Matches(labels.Set(set)); have != want {
				count.differ(t, "%q of %v: %s is %t, apimachinery says %t", text, set, selectors.Print(ours), have, want)
			}
		}
	}
	count.report(t, "k8s.io/apimachinery", 1)
	if accepted*2 < count.texts {
		t.Errorf("%d of %d texts are selectors: too few", accepted, count.texts)
	}
}

// randomSelector is a selector on labels: mostly a conjunction.
func randomSelector(r *rand.Rand, depth int) selectors.Expr {
	key := func() selectors.Key { return selectors.Key{Label: true, Name: one(r, keys)} }
	value := func() selectors.Value { return selectors.Value{Text: one(r, values), Quoted: true} }
	switch r.IntN(8 + depth) {
	case 0:
		return selectors.Has{Key: key()}
	case 1, 2:
		return selectors.Compare{Key: key(), Op: one(r, []selectors.CompareOp{selectors.Equal, selectors.NotEqual}), Value: value()}
	case 3:
		return selectors.In{Key: key(), Values: []selectors.Value{value(), value()}, Negated: r.IntN(2) == 0}
	case 4:
		return selectors.Not{X: randomSelector(r, depth)}
	case 5:
		return selectors.Const{Value: r.IntN(4) > 0}
	case 6:
		x, err := importers.Kubernetes(one(r, keys) + one(r, []string{"<", ">"}) + strconv.Itoa(r.IntN(10)))
		if err != nil {
			panic(err)
		}
		return x
	case 7:
		if depth > 0 {
			return selectors.Binary{Op: selectors.Or, L: randomSelector(r, depth-1), R: randomSelector(r, depth-1)}
		}
		return selectors.Has{Key: key()}
	}
	return selectors.Binary{Op: selectors.And, L: randomSelector(r, depth-1), R: randomSelector(r, depth-1)}
}

// What is exported is read by apimachinery, which then judges every set of labels as the
// expression does; so does what is imported again.
func TestKubernetesExport(t *testing.T) {
	r, count := chance(t), tally{}
	for range cases(t) {
		x := randomSelector(r, 3)
		b := bound(t, x, nil)
		text, err := importers.ToKubernetes(b)
		if count.texts++; err != nil {
			count.refused++
			continue
		}
		theirs, err := labels.Parse(text)
		if err != nil {
			count.differ(t, "%s is exported as %q: %v", selectors.Print(x), text, err)
			continue
		}
		again, err := importers.Kubernetes(text)
		if err != nil {
			count.differ(t, "%q is not imported again: %v", text, err)
			continue
		}
		back := bound(t, again, nil)
		for range 5 {
			set := randomLabels(r)
			want := b.Matches(labelled(set))
			count.verdicts++
			if have := theirs.Matches(labels.Set(set)); have != want {
				count.differ(t, "%s of %v is %t; apimachinery says %t of %q", selectors.Print(x), set, want, have, text)
			}
			if have := back.Matches(labelled(set)); have != want {
				count.differ(t, "%s of %v is %t; exported and imported it is %t", selectors.Print(x), set, want, have)
			}
		}
	}
	count.report(t, "k8s.io/apimachinery", 0.3)
}
