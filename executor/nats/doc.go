// Package nats carries the executor's records over NATS JetStream, and runs the embedded
// server that does so without an installation.
//
//	account DEVICES (no JetStream)            account FLEET
//	agent  --report.<token>.…----------stream--> hub (queue group) --put--> buckets
//	agent  --hub.get.<token>---request/share-->  hub
//	agent <--desired.<token>-----------stream--- RePublish of bucket desired-state
//	                                             executor --compare and set--> buckets
//
// What the design rests on is settled in bets_test.go on a real server. One bet was lost: a
// client can forge Nats-Request-Info, although the server writes it. The server finds the
// header by \r\n and writes at the end of the block; a client library that takes \n for a
// line end, or stops at an empty line, sees what the client wrote and nothing else. So the
// header is never identity. Identity is the subject: the server lets a device publish on its
// own subjects only. The hub compares the header all the same, refuses a mismatch or more than
// one value, and counts it.
//
// The package knows nothing of plans or approval and holds no signing key.
package nats
