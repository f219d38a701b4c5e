// Package policies judges plans. Review is the only way from a plan to what the executor
// accepts:
//
//	Proposal --Review(gates)--> Approved     nothing objects
//	                            Report       every objection there is, and how much was judged
//
// A Gate is a policy compiled by an engine (policies/cel, policies/rego). It judges each
// action, each batch, or the plan as a whole. An action is a Start, Replace or Stop; changes
// of the registry are judged in scope plan, in plan.resource_changes.
//
// It fails closed. Denied are: a plan without gates, unless the World says gates: none; a
// policy that cannot be evaluated, whatever its level; a plan with actions of which no policy
// judged a thing; a plan that stops too much of an app (guard.go).
//
// Each action is judged together with its inverse, so that a rollback is approved before it
// is needed. An inverse that is denied is not approved: the plan is denied with it if its run
// may roll back by itself (Options.RollsBack). Else the plan passes, with a note, and
// Approved.Reverses tells which actions a rollback must leave alone. Were it otherwise, a
// policy against :latest would forbid the plan that replaces :latest.
//
// A Waiver lets named violations pass for a while; it is told with every plan it covers.
//
// Laws: there is an Approved iff every result at level deny is waived; all gates judge, in any order,
// with equal results; once something is judged, no further gate turns a denial into an approval.
//
// It runs nothing, reads no clock, and knows no policy language.
package policies
