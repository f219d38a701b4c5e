// Package executor turns an approved plan into published desired states and watches until
// the devices run them.
//
//	Approved --Apply--> SetWorld, SetEntry, PutSpec, SetDesired --Transport--> records
//	                                                 devices report --Watch--> Tally --Step--> done?
//
// What to do next is decided by Step, a pure function of a small Run and an Event; Apply is
// the shell around it that reads, writes and waits. Progress is never stored: it is derived
// from what is published and what devices report, so whoever looks computes the same.
//
// Laws: nothing is written without an Approved, which only policies.Review makes; a device
// whose records moved since the plan was made is skipped, not overwritten; every write is a
// compare-and-set, so two who apply at once cannot both win on one device.
//
// It does not diff: planner does. It does not judge: policies does.
package executor
