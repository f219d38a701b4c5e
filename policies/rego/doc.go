// Package rego makes gates of policies written in Rego v1. It alone imports OPA.
//
//	package main
//
//	deny_latest contains {"msg": msg, "change_id": c.id} if {
//		some c in input.resource_changes
//		endswith(c.change.after.podman.containers[_].image, ":latest")
//		msg := sprintf("%s: pin the image", [c.address])
//	}
//
// Its input is the plan file, its idioms are conftest's, so that a policy set runs under both
// unchanged. Each rule named deny, violation, warn or info, alone or with _words after it, is a
// gate of its own: its elements are objections, a text or an object with msg and, if it
// likes, change_id, address, _loc and details. In scope action and batch resource_changes
// has only the changes asked about.
//
// It is strict where stock tools pass in silence. At load: what is not in the plan's schema, a
// rule that nothing reads and that is no verdict (a misspelt deny_), a verdict that is no set,
// data that nobody gave, and exception rules (use waivers). At run: an error of a builtin, an
// element of another shape, and a deadline passed deny. There is no clock, chance, network,
// file or environment (sandbox.go).
//
// A rule that asks of each change by itself is asked once for each class of changes that agree
// on what it reads (reads.go, elements.go).
package rego
