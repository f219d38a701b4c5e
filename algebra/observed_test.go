package algebra_test

import (
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/selectors"
)

// observation is Reality.Select or a wrong variant.
type observation func(algebra.Reality, *selectors.Bound) algebra.Fleet

// observedLaw compares what is selected with Matches on each device and with the oracle. It
// counts the selectors of each effect that split the roster.
func observedLaw(choose observation, split map[selectors.Effect]int) gopter.Prop {
	v := algebratest.FullVocabulary()
	names := algebratest.ReferenceNames(v.Names)
	return prop.ForAll(func(s algebratest.Seen, x selectors.Expr) bool {
		b := v.Bind(x)
		f := choose(s.Reality, b)
		for i := range uint32(s.Roster.Len()) {
			if f.Contains(i) != b.Matches(s.Attributes(i)) {
				return false
			}
		}
		if f.Len() > 0 && f.Len() < s.Roster.Len() {
			split[b.Effect()]++
		}
		return slices.Equal(algebratest.Names(f), oracleFleet(names.Fleet(b.Expr(), s.Reference())))
	}, algebratest.Realities(), v.Selectors())
}

func TestRealitySelectDecidesEachDevice(t *testing.T) {
	split := map[selectors.Effect]int{}
	algebratest.Law(t, cases)(observedLaw(algebra.Reality.Select, split))
	for _, e := range []selectors.Effect{selectors.Static, selectors.Observed, selectors.Clock} {
		if split[e] < cases/20 {
			t.Errorf("only %d of %d selectors are %s and split the roster", split[e], cases, e)
		}
	}
}

func TestObservedLawSeesWrongSelections(t *testing.T) {
	check, split := algebratest.Planted(t, planted), map[selectors.Effect]int{}
	change := func(of func(*algebra.Reality)) gopter.Prop {
		return observedLaw(func(r algebra.Reality, b *selectors.Bound) algebra.Fleet {
			of(&r)
			return r.Select(b)
		}, split)
	}
	check("reports are not read", change(func(r *algebra.Reality) { r.Slots = nil }))
	check("nobody was ever heard", change(func(r *algebra.Reality) { r.Records = nil }))
	check("the clock is an hour late", change(func(r *algebra.Reality) { r.ObservedAt = r.ObservedAt.Add(time.Hour) }))
	check("any is every", observedLaw(func(r algebra.Reality, b *selectors.Bound) algebra.Fleet {
		if q, ok := b.Expr().(selectors.Quant); ok {
			q.Every = !q.Every
			b = algebratest.FullVocabulary().Bind(q)
		}
		return r.Select(b)
	}, split))
}

// A roster does not answer for what devices do: it would say no where nothing was seen.
func TestRosterRefusesWhatIsNotStatic(t *testing.T) {
	r := algebratest.MustRoster(nil)
	for _, text := range []string{"heartbeat within 5m", "any(deploy: true)", "@failed", "all[has(heartbeat)]"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is answered by a roster", text)
				}
			}()
			r.Select(algebratest.FullVocabulary().MustBind(text))
		}()
	}
}

// The language knows the very phases there are.
func TestPhasesAreThoseOfTheLanguage(t *testing.T) {
	v := algebratest.FullVocabulary()
	for p := algebra.Pending; p <= algebra.Refused; p++ {
		v.MustBind("any(deploy: phase = " + p.String() + ")")
	}
	if _, err := algebra.ParsePhase((algebra.Refused + 1).String()); err == nil {
		t.Error("there is a phase more; name it in selectors too")
	}
}
