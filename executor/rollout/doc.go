// Package rollout decides what a run does next: which devices are published to, when a wave
// may follow another, and what happens when one fails. It is pure: the fleet comes in as a Scene,
// the clock with it, and what is to be done goes out as effects.
//
//	Plan ──NewScript──▶ Script
//	                      │
//	Scene ──Survey──▶ View ──Step──▶ Run', Publish | Restore | SetApart | Wake | Finish
//
// A run has a lane for each rollout of its plan. Lanes do not wait for each other; the budgets
// they share are counted over the whole fleet. The run's record is small: how far each device is
// follows from what is published to it and what it reports, so whoever takes a run over sees what
// the one before saw.
//
// It does no I/O: package executor does, and package simulate plays it on a model.
package rollout
