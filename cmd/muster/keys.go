package main

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// valueCount is a value of a key and how many devices have it.
type valueCount struct {
	value string
	count int
}

// values are the values of a key in a fleet, the most frequent first, and how many devices
// lack the key. A key of what runs has on a device a value for each thing that does.
func (g ground) values(f algebra.Fleet, k algebra.Key) (values []valueCount, absent int) {
	if isElementKey(k) {
		return g.elementValues(f, k.Name)
	}
	parts, without := f.Partition(k)
	for _, p := range parts {
		values = append(values, valueCount{p.Value, p.Fleet.Len()})
	}
	byCount(values)
	return values, without.Len()
}

func byCount(values []valueCount) {
	slices.SortStableFunc(values, func(a, b valueCount) int { return cmp.Compare(b.count, a.count) })
}

// isElementKey reports whether a key is one of what runs, as any(deploy: …) asks about.
func isElementKey(k algebra.Key) bool {
	return !k.Label && slices.Contains(selectors.ElementKeys(), k.Name)
}

func (g ground) elementValues(f algebra.Fleet, name string) (values []valueCount, absent int) {
	having := map[string]map[algebra.DeviceID]bool{}
	some := map[algebra.DeviceID]bool{}
	for slot, state := range g.reality.Slots {
		value := map[string]string{"app": slot.App.String(), "version": state.Release.Version.String(), "restarts": strconv.Itoa(state.Restarts)}[name]
		switch {
		case name == "phase" && state.Phase != 0:
			value = state.Phase.String()
		case name == "since" && !state.Since.IsZero():
			value = state.Since.UTC().Format(time.RFC3339)
		}
		if at, ok := f.Roster().Ordinal(slot.Device); value == "" || !ok || !f.Contains(at) {
			continue
		}
		if having[value] == nil {
			having[value] = map[algebra.DeviceID]bool{}
		}
		having[value][slot.Device], some[slot.Device] = true, true
	}
	for _, value := range slices.Sorted(maps.Keys(having)) {
		values = append(values, valueCount{value, len(having[value])})
	}
	byCount(values)
	return values, f.Len() - len(some)
}
