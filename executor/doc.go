// Package executor turns an approved plan into published desired states, and drives it as a run
// until the devices run them.
//
//	Approved --Apply--> Run --Step--> SetRun, SetLease, SetDesired --Transport--> records
//	   sealed, Attach--/   \                                                         |
//	                        \--lookout<------------------- Watch: devices, runs -----/
//
// What a run does next is decided by package rollout, a pure function of its small record and of
// what is seen; a driver is the shell around it that reads, writes and waits. Progress is never
// stored: it is derived from what is published and what devices report, so whoever drives a run
// computes the same, and a driver may be killed at any instant.
//
// Laws: nothing is written without an Approved, which only policies.Review and Reopen make; a
// device whose records moved since the plan was made is skipped, not overwritten; every write is
// a compare-and-set; each batch is announced in the lease of the fleet before it is published,
// and whoever takes the lease makes sure first of what the last holder had announced, so two who
// apply at once cannot both act; the run is written before each batch, so who pauses it has the
// last word.
//
// It does not diff: planner does. It does not judge: policies does.
package executor
