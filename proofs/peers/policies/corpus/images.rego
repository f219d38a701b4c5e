# Images: tags, digests, registries.
package main

import data.allowed

deny_latest contains msg if {
	some c in input.resource_changes
	some k in c.change.after.podman.containers
	endswith(k.image, ":latest")
	msg := sprintf("%s: %s is not pinned", [c.address, k.image])
}

deny_digest contains {"msg": msg, "change_id": c.id, "_loc": c.source} if {
	some c in input.resource_changes
	c.device.labels.tier == "clinical"
	k := c.change.after.podman.containers[_]
	not contains(k.image, "@sha256:")
	msg := sprintf("%s: clinical devices run images by digest, not %s", [c.address, k.image])
}

deny_registry contains msg if {
	some c in input.resource_changes
	some k in c.change.after.podman.containers
	not from_allowed(k.image)
	msg := sprintf("%s: %s comes from no allowed registry", [c.address, k.image])
}

from_allowed(image) if {
	some prefix in allowed.registries
	startswith(image, prefix)
}
