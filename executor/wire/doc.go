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
// Versions. Hubs, operators, agents and what they stored may be one version apart, either way:
//   - A field keeps its name, type and sense. One that is added may be missing, and then means what
//     was meant before there was one; one that is not known is passed over, but in a deployment,
//     which is not run in part: the slot fails, and names the field.
//   - A value of an enum is read one version before it is written: who does not know it refuses the
//     message, counts it, and goes on with what it has.
//   - A question of an unknown kind is refused by name, and so is what is signed: desired.refused.
//   - The fleet's side goes up first and agents after it; down the other way round, and not while a
//     run is under way: the version before does not take it over.
//
// Further apart nothing is promised but this: what cannot be read stops nothing and starts nothing.
// testdata has messages of the version before; proofs/skew runs it.
//
// The package builds every subject and key; no other one does. It neither sends nor stores,
// and it does not compare generations: which of two verified states counts is the agent's rule.
package wire
