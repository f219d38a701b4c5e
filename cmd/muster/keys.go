package main

import (
	"cmp"
	"slices"

	"github.com/musterfleet/muster/algebra"
)

// valueCount is a value of a key and how many devices have it.
type valueCount struct {
	value string
	count int
}

// values are the values of a key in a fleet, the most frequent first, and how many devices
// lack the key.
func (g ground) values(f algebra.Fleet, k algebra.Key) (values []valueCount, absent int) {
	parts, without := f.Partition(k)
	for _, p := range parts {
		values = append(values, valueCount{p.Value, p.Fleet.Len()})
	}
	slices.SortStableFunc(values, func(a, b valueCount) int { return cmp.Compare(b.count, a.count) })
	return values, without.Len()
}
