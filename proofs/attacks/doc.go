// Package attacks tries what somebody hostile would, against the real parts: an issuer, a NATS
// server with its callout, the desk, the hub, and an agent.
//
//	attack{id, what is tried, try}   try returns nil where it was refused, or what was gained
//
// After each attack the fleet's records must be what they were before. The table in
// proofs/ATTACKS.md is written from the attacks themselves, so that each row is a test that
// runs: `go test ./proofs/attacks -run Attacks/token-alg-none`.
package attacks
