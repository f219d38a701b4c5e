# Devices and their labels.
package main

deny_labels contains msg if {
	some c in input.resource_changes
	missing := {"site"} - object.keys(c.device.labels)
	count(missing) > 0
	msg := sprintf("%s lacks %v", [c.device.id, missing])
}

warn_unreachable contains c.device.id if {
	some c in input.resource_changes
	not c.device.reachable
}

deny_protected contains msg if {
	c := input.resource_changes[_]
	object.get(c.device.labels, "protected", "no") == "yes"
	c.disruptive
	msg := sprintf("%s is protected", [c.device.id])
}

deny_site_share contains msg if {
	some site, g in input.aggregates.by_label.site
	100 * g.max_down > 50 * g.devices
	msg := sprintf("%s: %d of %d devices may be down at once", [site, g.max_down, g.devices])
}

warn_arch contains msg if {
	some c in input.resource_changes
	not c.device.facts.arch in {"aarch64", "x86_64"}
	msg := sprintf("%s is of no known architecture", [c.device.id])
}

deny_stops contains msg if {
	some app, g in input.aggregates.by_deployment
	g.stopped == g.devices
	msg := sprintf("%s stops everywhere", [app])
}
