// Command muster-agent is muster on a device: it runs what the fleet's operators signed for
// this device, and reports what runs.
//
//	muster-agent run --nats tls://fleet.example:4222 --device edge-001 --token-file /etc/muster/token \
//	    --key /etc/muster/operator.pub
//
// It is a flag set and wiring; the loop is in agent. It links no policy engine, no Kubernetes
// and no NATS server: proofs/deps lists what it does link.
package main
