// Package inprocess is the fleet's records in memory: the twin of executor/nats, with the same
// compare-and-set, the same watching, and the hub's side of the conversation with devices.
//
//	executor -- Read, Watch, Write, Spec --> Fleet <-- Report, Ask, Follow -- agent/inprocess
//
// It stores the bytes that a bucket would, so the same decoding is used and the same bad record
// is seen. It keeps nothing when the process ends, and it does not lose, delay or repeat
// messages: simulations that want such faults put them around it.
package inprocess
