// Package simulate plays a run on devices that are only numbers: the same Survey and Step as the
// real thing, a clock that jumps from event to event, and a model of what goes wrong.
//
//	script, scene, model, seed ──Play──▶ timeline, end, most down at one time per group
//
// It is pure: equal arguments give equal stories. What it cannot know is how long real devices
// take and which of them fail; that is the model's, and the model is the caller's.
package simulate
