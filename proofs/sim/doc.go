// Package sim lives whole fleets through faults, on one clock, from one seed.
//
//	seed ──▶ World changes, orders, faults ─┐
//	                                        ▼
//	operators ──console──▶  one queue of events  ◀──link── devices
//	executor.Applier        store: inprocess.Fleet         agent.Step, a disk, a runtime
//	                                        │
//	                        laws, after every event ──▶ Verdict
//
// What is tried is the code that ships: the agents' Step, the executor's Applier with its driver,
// lease and settling, rollout, planner, policies and the messages of the wire. Made up are only
// the ports: what carries messages, what keeps records, what runs deployments, what a disk does.
// There each fault happens: see Faults.
//
// A device is a State in the queue. An operator, a person with muster apply or a replica of muster
// serve, is a process in a bubble of testing/synctest; it runs only while the queue waits for it,
// and is told one thing at a time, so equal seeds are equal lives: -seed N tells one, line by line.
//
// A life has two parts. While faults last only safety is judged. Then they stop, the World is a
// new one, and within Patience all must stand as that World says, or wait with a stated reason.
//
// It does not judge what the ports do for real: proofs/attacks, the suites of executortest and
// agenttest, and the tests with processes do.
package sim
