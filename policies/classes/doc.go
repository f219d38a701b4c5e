// Package classes partitions the changes of a plan into classes that agree on some of their
// parts, so that what depends on those parts alone is asked once a class.
//
//	t := classes.NewTable(changes)
//	p := t.Partition([]classes.Path{{"action_reason"}, {"device", "labels", "site"}})
//	p.Of[i] == p.Of[j]   iff changes i and j have the same reason, and the same site or both none
//
// A part that is null, missing or empty differs from one that is not, and null from empty. A
// path that ends above the leaves means all below it. Partitions follow contents: no digest in
// the plan is believed.
//
// Questions are what to ask: one a class or, where an answer asks of each label or fact by itself,
// one for each that occurs, which may be far fewer than devices.
//
// Cost: a column for each path, once; then one step a change for each path of a partition.
package classes
