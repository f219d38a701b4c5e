// Package algebra holds muster's values and their laws: nothing here runs, reads or waits.
//
//	Roster      all known devices, indexed       the universe of
//	Fleet       a set of devices                 | & - ^ [s]     a Boolean algebra
//	Assignment  a set of claims at devices       | & - [s]       Boolean, with relative complement
//	Resolution  per slot the highest claims      ⊔               a join-semilattice
//	Placement   what fills each slot             Differences     a column per app
//
// A claim says that a deployment should run in its app's slot on a device, with a priority.
// A World is what is declared, Reality what was published and observed; World.On evaluates
// one on the roster of the other, and package planner compares them.
//
// Laws: Select takes !, & and | of selectors to the operations on fleets; (A op B)(d) =
// A(d) op B(d); Resolve(A | B) = Resolve(A) ⊔ Resolve(B), while & and - do not commute with it
// (proofs/LAWS.md shows how). No order of documents or devices can be seen in any value.
//
// Values are immutable, and identity is by digest of canonical bytes. Those of different
// rosters do not combine: that is a bug, and panics. YAML is read by algebra/worldfile; which
// deployment may follow which, and what to do about a conflict, is not decided here.
package algebra
