package main

import (
	"strconv"

	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/analysis"
)

// change is a key of a device and the value it would need; absent where present is false. Of a
// set it is an element that it would need or must not have.
type change struct {
	key     selectors.Key
	element string
	value   string
	present bool
}

// mostWays is how many ways of the same length whynot tells.
const mostWays = 5

// whynot finds the fewest changes of keys after which the expression admits a device, in at most
// one way more than are told: of labels alone where that is enough, as operators set these, and
// of facts where it is not. It is exact over all values, and prefers those in use. No way means
// that no labels and facts would do.
func (g ground) whynot(b *selectors.Bound, ordinal uint32) ([][]change, error) {
	device := g.reality.Of(g.roster).Attributes(ordinal)
	s, err := analysis.NewSpace(analysis.Options{Now: g.reality.ObservedAt, Seen: g.inUse(device)}, analysis.Of(b))
	if err != nil {
		return nil, err
	}
	ways, err := s.Set(0).Repairs(device, mostWays+1)
	var out [][]change
	for _, way := range ways {
		var changes []change
		for _, c := range way {
			changes = append(changes, change{c.Key, c.Element, c.Value, c.Present})
		}
		out = append(out, changes)
	}
	return out, err
}

// text is the change as it is told.
func (c change) text() string {
	switch {
	case c.element != "" && c.present:
		return strconv.Quote(c.element) + " in " + c.key.String()
	case c.element != "":
		return "no " + strconv.Quote(c.element) + " in " + c.key.String()
	case !c.present:
		return "without " + c.key.String()
	}
	return c.key.String() + " = " + strconv.Quote(c.value)
}
