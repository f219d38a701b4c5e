# What containers may do.
package main

deny_privileged contains $"{c.address} runs a privileged container" if {
	some c in input.resource_changes
	c.change.after.podman.containers[_].privileged
}

deny_low_port contains msg if {
	some i
	port := input.resource_changes[i].change.after.podman.containers[_].ports[_]
	port.host < 1024
	msg := sprintf("%s publishes port %d", [input.resource_changes[i].address, port.host])
}

deny_host_network contains c.address if {
	some c in input.resource_changes
	some k in c.change.after.podman.containers
	k.network == "host"
}

warn_memory contains msg if {
	some c in input.resource_changes
	unlimited := [k.name | some k in c.change.after.podman.containers; k.memory == 0]
	count(unlimited) > 0
	msg := sprintf("%s: no memory limit for %s", [c.address, concat(", ", unlimited)])
}

violation_mounts contains {"msg": msg, "details": {"path": m.host}} if {
	some c in input.resource_changes
	some m in c.change.after.podman.containers[_].mounts
	startswith(m.host, "/etc")
	not m.read_only
	msg := sprintf("%s may write %s", [c.address, m.host])
}

warn_names contains msg if {
	some c in input.resource_changes
	c.change.after != null
	not every_name_fits(c.change.after.podman.containers)
	msg := sprintf("%s: names of containers are lower case words", [c.address])
}

every_name_fits(containers) if {
	every k in containers {
		regex.match(`^[a-z]+$`, k.name)
	}
}
