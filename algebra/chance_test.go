package algebra_test

import (
	"fmt"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/selectors"
)

// taking evaluates a take, or does so wrongly.
type taking func(*algebra.Roster, selectors.Take) algebra.Fleet

func take(r *algebra.Roster, x selectors.Take) algebra.Fleet {
	return r.Select(algebratest.Vocabulary().Bind(x))
}

// nestingLaw: take n lies within take n+1 and within the fleet, and has n devices of each
// part, or all of it; a share is rounded up, and a greater one holds the lesser.
func nestingLaw(take taking, some *int) gopter.Prop {
	v := algebratest.Vocabulary()
	return prop.ForAll(func(r *algebra.Roster, f selectors.Expr, n int, share uint16, by bool) bool {
		x := selectors.Take{X: f, Amount: selectors.Amount{Count: n}}
		of := []algebra.Fleet{r.Select(v.Bind(f))}
		if by {
			x.By = selectors.Key{Label: true, Name: "ring"}
			parts, absent := of[0].Partition(algebra.Key{Label: true, Name: "ring"})
			of = []algebra.Fleet{absent}
			for _, p := range parts {
				of = append(of, p.Fleet)
			}
		}
		taken := take(r, x)
		x.Amount.Count++
		if more := take(r, x); !taken.Minus(more).IsEmpty() {
			return false
		}
		x.Amount = selectors.Amount{Share: selectors.Percent(share), Shared: true}
		shared := take(r, x)
		x.Amount.Share = min(x.Amount.Share+700, 10_000)
		if more := take(r, x); !shared.Minus(more).IsEmpty() {
			return false
		}
		all := r.None()
		for _, part := range of {
			all = all.Union(part)
			k := taken.Intersect(part).Len()
			if k != min(n, part.Len()) {
				return false
			}
			if k > 0 && k < part.Len() {
				*some++
			}
			if have := shared.Intersect(part).Len() * 10_000; have < int(share)*part.Len() || have >= int(share)*part.Len()+10_000 {
				return false
			}
		}
		return taken.Minus(all).IsEmpty() && shared.Minus(all).IsEmpty()
	}, algebratest.Rosters(), v.Fleets(), gen.IntRange(0, 4), gen.UInt16Range(0, 10_000), gen.Bool())
}

func TestTakeNests(t *testing.T) {
	some := 0
	algebratest.Law(t, cases)(nestingLaw(take, &some))
	if some < cases/10 {
		t.Errorf("a take left some devices and took some %d times in %d cases", some, cases)
	}
}

func TestTakeLawSeesWrongTakes(t *testing.T) {
	check, n := algebratest.Planted(t, planted), 0
	check("shares are rounded down", nestingLaw(func(r *algebra.Roster, x selectors.Take) algebra.Fleet {
		if x.Amount.Shared {
			f := r.Select(algebratest.Vocabulary().Bind(x.X))
			x.Amount = selectors.Amount{Count: int(x.Amount.Share) * f.Len() / 10_000}
		}
		return take(r, x)
	}, &n))
	check("the key is not looked at", nestingLaw(func(r *algebra.Roster, x selectors.Take) algebra.Fleet {
		x.By = selectors.Key{}
		return take(r, x)
	}, &n))
	check("odd numbers take the others", nestingLaw(func(r *algebra.Roster, x selectors.Take) algebra.Fleet {
		f := take(r, x)
		if !x.Amount.Shared && x.Amount.Count%2 == 1 {
			return r.Select(algebratest.Vocabulary().Bind(x.X)).Minus(f)
		}
		return f
	}, &n))
}

// A sample of a share has about that share of many devices, and their ids may be in a row.
func TestSampleIsFair(t *testing.T) {
	const n = 100_000
	var devices []algebra.Device
	for i := range n {
		devices = append(devices, algebra.Device{ID: algebra.MustDeviceID(fmt.Sprintf("edge%06d", i))})
	}
	r := algebratest.MustRoster(devices)
	for _, percent := range []int{1, 5, 50} {
		text := fmt.Sprintf(`sample(%d%%, "rollout-42")`, percent)
		have, want := r.Select(algebratest.Vocabulary().MustBind(text)).Len(), n*percent/100
		if have < want*9/10 || have > want*11/10 {
			t.Errorf("%s admits %d devices of %d", text, have, n)
		}
	}
}
