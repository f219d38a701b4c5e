// Package rota shares work among the replicas of an operator: one leads, and the devices, cut into
// shards by their ids, are shared out.
//
//	being there  a: beat 17   b: beat 9   c: silent
//	lead         a
//	shard 0..15  a  b  b  a  …  those of c go to whom their hash says among a and b
//
// Each duty is a record, moved by compare-and-set, so that two never hold one by the record. A
// replica beats every third of the time that it counts as alive for, by one write whatever it
// holds; who was silent for longer loses what it held to the others. The lead stays where it is,
// shards move to the replica that joins.
//
// Who holds a duty by the record may have been overtaken a moment ago and not know it. What is
// done must bear that: runs are fenced by their own lease, and summaries say the same whoever
// writes them.
package rota
