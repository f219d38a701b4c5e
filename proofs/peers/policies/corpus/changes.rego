# How much, and what, may change.
package main

weights := {"delete": 10, "create": 1}

deny_blast_radius contains msg if {
	weight := sum([weights[verb] | some c in input.resource_changes; some verb in c.change.actions])
	weight > 40
	msg := sprintf("the plan weighs %d, at most 40 is allowed", [weight])
}

warn_size contains msg if {
	n := count(input.resource_changes)
	n > 8
	msg := sprintf("%d changes at once", [n])
}

deny_deletes contains msg if {
	deletes := [c | some c in input.resource_changes; "delete" in c.change.actions]
	count(deletes) > 4
	msg := sprintf("%d resources go away", [count(deletes)])
}

deny_stateful contains c.address if {
	some c in input.resource_changes
	c.change.actions == ["delete"]
	c.name in {"db", "queue"}
}

warn_unassigned contains {"msg": msg, "_loc": c.source, "reason": c.action_reason} if {
	some c in input.resource_changes
	c.action_reason == "stop_because_unassigned"
	msg := concat(" ", ["nothing assigns", c.name, "to", c.device.id])
}

deny_downgrade contains msg if {
	some c in input.resource_changes
	before := to_number(c.change.before.version)
	after := to_number(c.change.after.version)
	after < before
	msg := sprintf("%s goes from %v to %v", [c.address, before, after])
}

deny_two_versions contains msg if {
	some app
	versions := {c.change.after.version | some c in input.resource_changes; c.name == app; c.change.after}
	input.aggregates.by_deployment[app]
	count(versions) > 1
	msg := sprintf("%s comes in versions %v", [app, versions])
}
