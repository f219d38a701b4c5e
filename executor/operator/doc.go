// Package operator keeps a fleet as its World declares, for as long as it runs.
//
//	Worlds (a directory, a namespace) --Loaded--+
//	                                            v
//	records --WatchAll--> Mirror: planner.Live, kept in step
//	                                            |  something differs
//	                                            v
//	                      review --> Denied, Unapproved: nothing moves
//	                                            |
//	                                            v
//	                      Applier.Apply, Attach: the runs that muster apply makes
//
// It decides nothing that people could not: it plans as muster plan does, has the same gates
// judge, and carries out what they approve as runs, under the lease, budgets and windows of all
// runs. So it may be killed at any instant, and whoever comes next goes on.
//
// Who joins while a run is under way is published to at once, by a run beside it: all that comes by
// rollouts that are through. For what is under way they follow in its tail. Runs take turns.
//
// A World that does not load is told, and the last good one stays. One that is denied is told
// too; the run that is under way goes on, nothing new begins, and the plan is judged again when
// the World, the fleet or the time has changed. A run that is held waits for people.
//
// Laws: what it publishes is what plan and apply publish for the same World and fleet, step by
// step; with nothing to do it writes nothing; an approval is asked for each plan that it applies.
//
// It has no languages of policies and no adapters: cmd gives it those.
package operator
