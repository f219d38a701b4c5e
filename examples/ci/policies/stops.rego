package main

# METADATA
# title: what stops on more than half of the canaries is no canary any more
deny_canaries_stop contains msg if {
	canaries := input.aggregates.by_label.ring["0"]
	2 * canaries.stopped > canaries.devices
	msg := sprintf("%d of %d canaries would stop", [canaries.stopped, canaries.devices])
}
