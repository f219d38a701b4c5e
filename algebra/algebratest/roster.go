package algebratest

import (
	"fmt"
	"maps"
	"math/rand"
	"reflect"
	"slices"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
	"github.com/musterfleet/muster/selectors/selectorstest"
)

// ids are the devices that may be in a roster.
var ids = []string{"edge001", "edge002", "edge003", "gw7", "gw7.lab.example.org", "node-a"}

var vocabulary = Vocabulary()

// Vocabulary is what expressions about these rosters speak of.
func Vocabulary() selectorstest.Vocabulary {
	v := selectorstest.Small()
	v.Nodes = ids
	v.Labels["site"] = []string{"a", "b"}
	return v
}

// Rosters makes rosters of up to six devices.
func Rosters() gopter.Gen {
	return throw(func(p *gopter.GenParameters) *algebra.Roster { return MustRoster(devices(p)) })
}

// ArbitraryRosters makes rosters whose ids, keys and values are any text that is allowed.
func ArbitraryRosters() gopter.Gen {
	text := gen.AnyString()
	return throw(func(p *gopter.GenParameters) *algebra.Roster {
		var list []algebra.Device
		for i := range p.Rng.Intn(20) {
			d := algebra.Device{ID: algebra.MustDeviceID(fmt.Sprintf("%c-%d", 'a'+rune(p.Rng.Intn(26)), i)), Labels: map[string]string{}, Facts: map[string]string{}}
			for range p.Rng.Intn(4) {
				d.Labels[draw[string](text, p)] = draw[string](text, p)
				d.Facts[draw[string](text, p)] = draw[string](text, p)
			}
			list = append(list, d)
		}
		return MustRoster(list)
	})
}

// MustRoster indexes devices of different ids.
func MustRoster(list []algebra.Device) *algebra.Roster {
	r, err := algebra.NewRoster(list)
	if err != nil {
		panic("algebratest: " + err.Error())
	}
	return r
}

func devices(p *gopter.GenParameters) []algebra.Device {
	var list []algebra.Device
	for _, id := range ids {
		if p.Rng.Intn(4) > 0 {
			list = append(list, device(p, id))
		}
	}
	return list
}

// device is a random device of the vocabulary.
func device(p *gopter.GenParameters, id string) algebra.Device {
	v := vocabulary
	values := draw[selectorstest.Device](v.Devices(), p)
	d := algebra.Device{ID: algebra.MustDeviceID(id), Labels: map[string]string{}, Facts: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(v.Labels)) {
		if text, ok := values.Value(selectors.Key{Label: true, Name: name}); ok {
			d.Labels[name] = text
		}
	}
	for _, name := range selectors.AttributeNames() {
		if name == "name" || name == selectors.Heartbeat {
			continue // no fact: the first is the id, the second is observed
		}
		if text, ok := values.Value(selectors.Key{Name: name}); ok {
			d.Facts[name] = text
		}
	}
	return d
}

// Releases makes releases, some of them empty, of few kinds so that equal ones are frequent.
func Releases() gopter.Gen {
	return throw(func(p *gopter.GenParameters) algebra.Release {
		n := p.Rng.Intn(4)
		if n == 0 {
			return algebra.Release{}
		}
		return algebra.Release{
			Version:    algebra.MustVersion(fmt.Sprint(n)),
			Deployment: algebra.DigestOf([]byte{byte(n)}),
			Values:     algebra.Values{"label:site": pick(p.Rng, []string{"a", "b"})}.Digest(),
		}
	})
}

// Placements is two placements on one roster.
type Placements struct{ P, Q algebra.Placement }

// PlacementPairs makes placements of up to three apps that share many slots.
func PlacementPairs() gopter.Gen {
	return throw(func(p *gopter.GenParameters) Placements {
		r := MustRoster(devices(p))
		x, y := algebra.NewPlacing(r), algebra.NewPlacing(r)
		y.PutAll(r.All(), algebra.MustApp(apps[0]), draw[algebra.Release](Releases(), p)) // other codes
		for _, app := range apps[:p.Rng.Intn(4)] {
			for i := range uint32(r.Len()) {
				rel := draw[algebra.Release](Releases(), p)
				x.Put(i, algebra.MustApp(app), rel)
				if p.Rng.Intn(2) == 0 {
					rel = draw[algebra.Release](Releases(), p)
				}
				y.Put(i, algebra.MustApp(app), rel)
			}
		}
		return Placements{x.Placement(), y.Placement()}
	})
}

// throw is a generator without shrinking.
func throw[T any](make func(*gopter.GenParameters) T) gopter.Gen {
	return func(p *gopter.GenParameters) *gopter.GenResult {
		return &gopter.GenResult{Result: make(p), ResultType: reflect.TypeFor[T](), Shrinker: gopter.NoShrinker}
	}
}

// draw is one value of a generator.
func draw[T any](g gopter.Gen, p *gopter.GenParameters) T {
	v, ok := g(p).Retrieve()
	if !ok {
		panic("algebratest: a generator gave nothing")
	}
	return v.(T)
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.Intn(len(list))] }
