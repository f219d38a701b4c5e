// Package setup puts a machine into the state that muster-agent runs in, by small steps.
//
//	Check  what differs on the host: a Change, or nothing   (touches nothing; its Diff is the dry run)
//	Apply  makes the change
//	Check  again: nothing may differ now                    (this verifies it)
//	Undo   after a failure: the host is as before this step
//
// No step knows of another, and all see the machine through one small port, Host. A finished
// step has no record but the host itself: a second run finds nothing to do, and a run that was
// cut off goes on where it was.
//
// Only the failed step is undone. What came before it is good by itself, and the next run needs it.
package setup
