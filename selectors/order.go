package selectors

import "slices"

// Order is the places of values of the key in the key's own order: numbers as numbers, versions as
// versions. What cannot be read so comes last. Equal values, and those of a key without an order,
// keep the order they are given in.
func (k Key) Order(values []string) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	kind, ok := kindOf(k)
	if !ok || !kind.ordered() {
		return order
	}
	readings, readable := make([]reading, len(values)), make([]bool, len(values))
	for i, v := range values {
		readings[i], readable[i] = kind.read(v)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case readable[a] && readable[b]:
			return kind.compare(readings[a], readings[b])
		case readable[a]:
			return -1
		case readable[b]:
			return 1
		}
		return 0
	})
	return order
}
