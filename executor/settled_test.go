package executor

import (
	"slices"
	"testing"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/wire"
)

// TestWhatIsSettled: the last run that came to its end for an app says what is settled there.
func TestWhatIsSettled(t *testing.T) {
	is := func(text string) algebra.Settled {
		return algebra.Settled{Rollout: "r", App: algebra.MustApp("web"), Rules: algebra.DigestOf([]byte(text))}
	}
	lane := func(state wire.LaneState, texts ...string) wire.Lane {
		l := wire.Lane{State: state}
		for _, text := range texts {
			l.Settles = append(l.Settles, is(text))
		}
		return l
	}
	for name, c := range map[string]struct {
		runs [][]wire.Lane
		want string // empty: nothing
	}{
		"nothing ran":                              {},
		"a run is under way":                       {[][]wire.Lane{{lane(wire.LaneGoing, "1")}}, ""},
		"a run is through":                         {[][]wire.Lane{{lane(wire.LanePassed, "1")}}, "1"},
		"the next is through":                      {[][]wire.Lane{{lane(wire.LanePassed, "1")}, {lane(wire.LanePassed, "2")}}, "2"},
		"the next is under way":                    {[][]wire.Lane{{lane(wire.LanePassed, "1")}, {lane(wire.LaneGoing, "2")}}, ""},
		"the next is held":                         {[][]wire.Lane{{lane(wire.LanePassed, "1")}, {lane(wire.LaneHeld, "2")}}, ""},
		"the next is being put back":               {[][]wire.Lane{{lane(wire.LanePassed, "1")}, {lane(wire.LaneRollingBack, "2")}}, ""},
		"the next was put back":                    {[][]wire.Lane{{lane(wire.LanePassed, "1")}, {lane(wire.LaneRolledBack, "2")}}, "1"},
		"who came later are held":                  {[][]wire.Lane{{lane(wire.LanePassed, "1")}, {lane(wire.LaneHeld, "1")}}, "1"},
		"who came later were put back":             {[][]wire.Lane{{lane(wire.LanePassed, "1")}, {lane(wire.LaneRolledBack, "1")}}, "1"},
		"back to what was, half way":               {[][]wire.Lane{{lane(wire.LanePassed, "1")}, {lane(wire.LaneHeld, "2")}, {lane(wire.LaneGoing, "1")}}, ""},
		"back to what was, all the way":            {[][]wire.Lane{{lane(wire.LanePassed, "1")}, {lane(wire.LaneHeld, "2")}, {lane(wire.LanePassed, "1")}}, "1"},
		"one of two lanes is through":              {[][]wire.Lane{{lane(wire.LanePassed, "1"), lane(wire.LaneGoing, "1")}}, ""},
		"the other is":                             {[][]wire.Lane{{lane(wire.LaneGoing, "1"), lane(wire.LanePassed, "1")}}, ""},
		"one is through, the other was put back":   {[][]wire.Lane{{lane(wire.LanePassed, "1"), lane(wire.LaneRolledBack, "1")}}, ""},
		"both are":                                 {[][]wire.Lane{{lane(wire.LanePassed, "1"), lane(wire.LanePassed, "1")}}, "1"},
		"a part of a plan, which settles nothing":  {[][]wire.Lane{{lane(wire.LanePassed)}}, ""},
		"such a part after what was settled":       {[][]wire.Lane{{lane(wire.LanePassed, "1")}, {lane(wire.LanePassed)}}, "1"},
		"another rollout's lane beside, under way": {[][]wire.Lane{{lane(wire.LanePassed, "1"), lane(wire.LaneGoing)}}, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			runs := map[string]Kept[wire.Run]{}
			for i, lanes := range c.runs {
				id := string(rune('z' - i)) // they count in the order in which they began
				runs[id] = Kept[wire.Run]{Value: wire.Run{ID: id, Began: time.Unix(int64(i), 0), Lanes: lanes}}
			}
			var want []algebra.Settled
			if c.want != "" {
				want = []algebra.Settled{is(c.want)}
			}
			if have := settled(runs); !slices.Equal(have, want) {
				t.Errorf("%v, want %v", have, want)
			}
		})
	}
}
