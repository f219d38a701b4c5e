package conformance

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/go-bexpr"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/importers"
)

// datum is a device as go-bexpr sees it.
type datum struct {
	Name string
	Meta map[string]string
	Tags []string
}

// Value is the same device as muster sees it.
func (d datum) Value(k selectors.Key) (string, bool) {
	switch {
	case k.Label:
		v, ok := d.Meta[k.Name]
		return v, ok
	case k.Name == "name":
		return d.Name, true
	case k.Name == "tags":
		return strings.Join(d.Tags, ","), len(d.Tags) > 0
	}
	return "", false
}

var (
	bexprKeys   = []string{"site", "ring", "a", "b/c"}
	bexprValues = []string{"", "lyon", "berlin", "0", "12", "a.b", "x*y", "[z]", "a\nb", "on", "é", "lyonlyon"}
	bexprRegex  = []string{"^ly", "on$", "^lyon$", "o.*n", "a.b", "", "[0-9]+", `\d`, "ly|be", "^(ly|be)", "(?i)LYON", `^a\.b$`, "^$", "x*", `^`, "(l|b)y?", "[|]|y", "^l|n$", "(?:^ly|^be).", "^(ly|be).*(on|in)$", "[^]|]n", "(?s)a.b", "^ly.*", ".*n$", "^é$"}
	bexprTags   = []string{"gpu", "cam", "x"}
)

func randomDatum(r *rand.Rand) datum {
	d := datum{Name: one(r, []string{"gw-1", "gw-2", "db1"}), Meta: map[string]string{}}
	for _, k := range bexprKeys {
		if r.IntN(3) > 0 {
			d.Meta[k] = one(r, bexprValues)
		}
	}
	for _, tag := range bexprTags {
		if r.IntN(2) == 0 {
			d.Tags = append(d.Tags, tag)
		}
	}
	return d
}

func randomMatch(r *rand.Rand) string {
	quote := strconv.Quote
	field := "Name"
	if r.IntN(4) > 0 {
		key := one(r, bexprKeys)
		field = one(r, []string{"Meta." + key, "Meta[" + quote(key) + "]", `"/Meta/` + key + `"`})
		if strings.Contains(key, "/") {
			field = "Meta[" + quote(key) + "]"
		}
	}
	not := one(r, []string{"", "", "not "})
	value := quote(one(r, bexprValues))
	if strings.Contains(value, `\`) {
		value = "`" + one(r, bexprValues) + "`"
	}
	switch r.IntN(8) {
	case 0, 1:
		return field + " " + one(r, []string{"==", "!="}) + " " + value
	case 2:
		return field + " " + not + "contains " + value
	case 3:
		return value + " " + not + "in " + field
	case 4:
		return field + " is " + not + "empty"
	case 5:
		return field + " " + not + "matches `" + one(r, bexprRegex) + "`"
	case 6:
		tag := quote(one(r, bexprTags))
		return one(r, []string{tag + " " + not + "in Tags", "Tags " + not + "contains " + tag, "any Tags as t { t == " + tag + " }", "all Tags as i, t { t != " + tag + " }"})
	}
	return quote(one(r, bexprKeys)) + " " + not + "in Meta"
}

func randomBexpr(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(3) == 0 {
		return randomMatch(r)
	}
	inner := func() string {
		text := randomBexpr(r, depth-1)
		if r.IntN(2) == 0 && !strings.HasPrefix(text, "any") && !strings.HasPrefix(text, "all") {
			return "(" + text + ")"
		}
		return text
	}
	switch r.IntN(5) {
	case 0:
		return "not (" + randomBexpr(r, depth-1) + ")"
	case 1, 2:
		return inner() + " and " + inner()
	}
	return inner() + " or " + inner()
}

// What go-bexpr reads and muster translates both judge alike, wherever go-bexpr has a verdict.
func TestBexpr(t *testing.T) {
	r, count := chance(t), tally{}
	for range cases(t) {
		text := randomBexpr(r, 3)
		theirs, wrong := bexpr.CreateEvaluator(text)
		ours, err := importers.Bexpr(text)
		if wrong != nil {
			if err == nil {
				count.differ(t, "%q: go-bexpr says %v, muster translates it", text, wrong)
			}
			continue
		}
		if count.texts++; err != nil {
			count.refused++
			continue
		}
		b := bound(t, ours, nil)
		for range 5 {
			d := randomDatum(r)
			want, err := theirs.Evaluate(d)
			if err != nil {
				continue
			}
			count.verdicts++
			if have := b.Matches(d); have != want {
				count.differ(t, "%q of %s: %s is %t, go-bexpr says %t", text, pretty(d), selectors.Print(ours), have, want)
			}
		}
	}
	count.report(t, "hashicorp/go-bexpr", 0.95)
	if count.verdicts < count.texts {
		t.Errorf("%d verdicts on %d texts: too few", count.verdicts, count.texts)
	}
}
