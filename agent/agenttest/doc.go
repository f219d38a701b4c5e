// Package agenttest holds the contract of an agent.Runtime as tests, which both runtimes pass,
// and brings a podman to those tests that want a real one.
package agenttest
