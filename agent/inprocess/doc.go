// Package inprocess is a Runtime in memory: the twin of agent/podman for tests, and for the
// simulated devices of `muster dev`.
//
// It obeys a few words of a deployment, so that a world can be rehearsed on it: a container
// whose command is `true` ends well, one whose command is `false` ends badly, a health check
// `false` never passes; whatever else is named runs on. Kill and Remove do behind the agent's
// back what somebody at the machine would do; Delay and Fail make it slow and unreliable.
//
//	r := &inprocess.Runtime{Delay: func(c inprocess.Call) time.Duration { return time.Second }}
//
// It starts no process and opens no port.
package inprocess
