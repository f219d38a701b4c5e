// Package analysis answers questions about selectors over all possible devices, exactly.
//
// Every atom asks about one key and constants, so the endless values of a key fall into
// finitely many regions that no atom at hand can tell apart, and a selector is a Boolean
// function of one region per key:
//
//	label("ring") in ("0", "1") & mem >= 8GiB
//
//	label("ring")   absent | "0", "1" | any other text
//	mem             absent | unreadable | below 8GiB | 8GiB and more
//
// A Space is those regions for some predicates. Sets of its devices are nodes of one decision
// diagram, reduced and shared, so that equal sets are the same node. A witness is a device,
// found as a cheapest path, which the selectors themselves then admit or refuse.
//
// Regions are told apart by the atoms' own Holds on values that are known to reach every
// region; no rule of the language is written down twice. Where the regions or the nodes of a
// diagram grow beyond a budget the answer is an error of type *Budget, never a guess.
//
// What a possible device is: labels and facts of any text or absent, those with a fixed list of
// values one of these; an id that is a DNS-1123 subdomain; at most one deployment of an app.
// Whom a take would pick is left open.
package analysis
