// Package possible finds what a World would do to devices that nobody has seen yet.
//
//	Claims      the rules of a World: which devices get which deployment at which priority
//	Conflicts   two claims that some device could get, and that cannot both hold
//	Changes     what fleets and rules mean otherwise in another World
//	Check       all that is suspicious about a World, and the theorems it does not keep
//
// A conflict is *possible* here and needs no device to be shown: it comes with one as a witness.
// Conflicts on devices there are, the *actual* ones, are found by evaluating the World
// (algebra.World.On) and shown in plans.
//
// Two claims conflict if they give one app two deployments at one priority, or if their
// deployments hold one resource of the host; not if no device is in both, nor if a claim of
// higher priority on the same app takes each such device. Names of fleets are taken apart, and
// whom a take would pick is left open.
//
// The package knows no files: findings carry the Source of what they are about.
package possible
