// Package faults breaks a fleet of real processes and looks whether it keeps its promises: three
// NATS servers in a cluster, services (hub and callout), executors or operators, and agents with state
// directories, each a process that can be killed or frozen, and TCP proxies between all of them.
//
//	executors ──proxies──▶  n1 ◀─proxies─▶ n2 ◀─proxies─▶ n3  ◀──proxies── agents
//	    │                    ▲ services     │                                 │
//	  diaries               what was published                             diaries
//	    └──────────────────────────┴── laws, of one history ────────────────┘
//
// A change of the whole fleet is rolled out wave by wave under a budget, and hit by a fault when a
// third of the devices have it. Afterwards three tellings are merged into one history: what the
// broker stored, in its order; what each machine started and stopped; what each executor was about
// to publish, and by which fence. The laws are those of proofs/sim, which judges as many lives as
// one likes of a fleet whose ports are made up; here the ports are real, and the lives are few.
//
// The agents' runtime is a folder of files, but for one rig, in which podman runs containers and is killed;
// another one has 5,000 agents, which all start anew at once.
//
// `make soak` runs all faults and writes proofs/FAULTS.md; `make test` runs a few.
package faults
