// Package wire holds what travels between executor, hub and agent: messages, subjects, keys.
//
//	executor --Sign--> {"kind":"Signed","payload":…,"key":…,"signature":…} --Open--> agent
//	                      bucket desired-state, key gw1=site=example
//	agent --{"kind":"AppState",…}--> report.gw1=site=example.state.web --> hub --> bucket
//
// Messages are JSON objects with a kind. In memory they are a closed sum; a kind this build
// does not know decodes to Unsupported with its bytes, and unknown fields are ignored: both
// survive a hub, which stores what it received and not what it understood.
//
// Laws: ParseToken(Token(d)) = d, and a token is exactly one token of a subject; a report's
// subject follows from its content; Decode(Encode(m)) = m; Open accepts the bytes that Sign
// made for that device and key, and nothing else.
//
// The package builds every subject and key; no other one does. It neither sends nor stores,
// and it does not compare generations: which of two verified states counts is the agent's rule.
package wire
