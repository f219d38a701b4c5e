package algebratest

import (
	"maps"
	"math/rand"
	"reflect"
	"slices"
	"time"

	"github.com/leanovate/gopter"

	"github.com/musterfleet/muster/algebra"
)

// Now is when every Reality is observed.
var Now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// Situation is a World and the parts a Reality is made of, so that a test can permute them,
// restrict them to a device or go on from what a plan did.
type Situation struct {
	World     algebra.World
	Devices   []algebra.Device
	Published map[algebra.Slot]algebra.Release
	Records   map[algebra.DeviceID]algebra.Record
	Slots     map[algebra.Slot]algebra.SlotState
	Specs     map[algebra.Digest]algebra.Deployment
}

// Reality is what is published and reported.
func (s Situation) Reality() algebra.Reality {
	roster := MustRoster(s.Devices)
	r := algebra.NewReality(roster, Now)
	b := algebra.NewPlacing(roster)
	for at, rel := range s.Published {
		if i, ok := roster.Ordinal(at.Device); ok {
			b.Put(i, at.App, rel)
		}
	}
	r.Published, r.Records, r.Slots, r.Specs = b.Placement(), s.Records, s.Slots, s.Specs
	return r
}

// Shuffled is the same situation with its lists in another order.
func (s Situation) Shuffled(seed int64) Situation {
	r := rand.New(rand.NewSource(seed))
	s.Devices = shuffled(r, s.Devices)
	s.World.Devices = shuffled(r, s.World.Devices)
	s.World.Fleets = shuffled(r, s.World.Fleets)
	s.World.Deployments = shuffled(r, s.World.Deployments)
	s.World.Assignments = shuffled(r, s.World.Assignments)
	return s
}

func shuffled[T any](r *rand.Rand, list []T) []T {
	list = slices.Clone(list)
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// Only is the situation of the devices that keep admits.
func (s Situation) Only(keep func(algebra.DeviceID) bool) Situation {
	s.Devices = slices.DeleteFunc(slices.Clone(s.Devices), func(d algebra.Device) bool { return !keep(d.ID) })
	s.World.Devices = slices.DeleteFunc(slices.Clone(s.World.Devices), func(d algebra.DeclaredDevice) bool { return !keep(d.ID) })
	s.Published, s.Records, s.Slots = maps.Clone(s.Published), maps.Clone(s.Records), maps.Clone(s.Slots)
	maps.DeleteFunc(s.Published, func(at algebra.Slot, _ algebra.Release) bool { return !keep(at.Device) })
	maps.DeleteFunc(s.Records, func(id algebra.DeviceID, _ algebra.Record) bool { return !keep(id) })
	maps.DeleteFunc(s.Slots, func(at algebra.Slot, _ algebra.SlotState) bool { return !keep(at.Device) })
	return s
}

// Situations makes situations; failing ones shrink by leaving out one part after the other.
func Situations() gopter.Gen {
	return func(p *gopter.GenParameters) *gopter.GenResult {
		return &gopter.GenResult{Result: situation(p), ResultType: reflect.TypeFor[Situation](), Shrinker: smaller}
	}
}

// smaller yields the situation without one assignment, document, device, report or release.
func smaller(v any) gopter.Shrink {
	s := v.(Situation)
	var out []Situation
	less := func(t Situation) { out = append(out, t) }
	for _, d := range s.Devices {
		less(s.Only(func(id algebra.DeviceID) bool { return id != d.ID }))
	}
	for i := range s.World.Assignments {
		t := s
		t.World.Assignments = slices.Clone(s.World.Assignments)
		t.World.Assignments[i].Abstract = true // others may still use it by name
		if !s.World.Assignments[i].Abstract {
			less(t)
		}
	}
	for i := range s.World.Devices {
		t := s
		t.World.Devices = slices.Delete(slices.Clone(s.World.Devices), i, i+1)
		less(t)
	}
	for at := range s.Published {
		t := s
		t.Published = maps.Clone(s.Published)
		delete(t.Published, at)
		less(t)
	}
	for at := range s.Slots {
		t := s
		t.Slots = maps.Clone(s.Slots)
		delete(t.Slots, at)
		less(t)
	}
	for id := range s.Records {
		t := s
		t.Records = maps.Clone(s.Records)
		delete(t.Records, id)
		less(t)
	}
	return func() (any, bool) {
		if len(out) == 0 {
			return nil, false
		}
		t := out[0]
		out = out[1:]
		return t, true
	}
}
