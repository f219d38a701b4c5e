// Package agent is one device's loop: it makes what runs equal to what was accepted.
//
//	signed set --+                     +-- Save, Fetch, Prepare, Stop, Start   (done in Run)
//	look      ---+--> Step(State, e) --+-- Look, Tell, Refuse, Wake
//	done, wake --+      pure           +-- planner.Diff(accepted, what runs) decides
//
// Step decides and touches nothing; Run carries its effects out and feeds back what came of
// them. So one queue of events can drive ten thousand agents, and each of them is the real one.
//
// Laws, whatever is lost, repeated, late or crashed:
//   - a set counts only if it is signed by a trusted key, for this device, and newer than the
//     accepted one; anything else is refused and changes nothing;
//   - silence stops nothing: a slot is emptied only for a release that shall take it, or
//     because an accepted set does not name its app;
//   - Start is asked for only when the slot was seen empty after the last thing done to it: no
//     app ever runs two deployments;
//   - what is fetched is fetched before anything stops for it, and among apps that share a
//     host resource or require each other everything that must stop stops before one starts;
//   - once failures cease, what runs is what was accepted.
//
// What fails is tried again at growing intervals, which are remembered over a restart. The
// package does not judge which deployment would be better: it never goes back by itself.
package agent
