# Who asks, when, and in which order.
package main

deny_freeze contains "nothing changes on weekends" if {
	time.weekday(time.parse_rfc3339_ns(input.now)) in {"Saturday", "Sunday"}
}

deny_person contains msg if {
	input.summary["delete"] + input.summary.replace > 0
	not input.request.user in data.people.sre
	msg := sprintf("%s may not take anything away", [input.request.user])
}

deny_canary_first contains msg if {
	first := {id | some id in input.batches[0].changes}
	some c in input.resource_changes
	c.id in first
	c.device.labels.site != "fra"
	msg := sprintf("%s is no canary, and is in the first batch", [c.device.id])
}

warn_blocked contains msg if {
	count(input.blocked) > 0
	msg := sprintf("%d blocked", [count(input.blocked)])
}

deny_incomplete contains "the plan is not the whole plan" if not input.complete

warn_nothing contains "there is nothing to do" if not input.applyable
