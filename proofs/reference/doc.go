// Package reference is the semantics of muster said naively: the oracle of all other tests.
//
// It follows SEMANTICS.md sentence by sentence with maps and loops, has no index and shares
// no code with algebra and planner, so that it does not share their mistakes:
//
//	World.Fleet     an expression is a set of devices, decided device by device
//	World.Claims    an assignment is a set of claims; | & - [s] are the set operations
//	Resolve         per slot the claims of the highest priority
//	World.Make      placement, blocked slots to the fixpoint, and their difference
//
// Only the order of versions, quantities and addresses is taken from the atoms of selectors,
// whose own tests answer for it. It is slow, and may stay so.
package reference
