// Package nats is the agent's Link over NATS. It uses no JetStream: a device has none.
//
//	start, reconnect, timer:  hub.get.<device>  AskState -> StateAnswer      complete, by request
//	in between:               desired.<device>                               complete, as published
//	news:                     report.<device>.…
//
// Both ways bring the whole signed set, so a message that was lost matters only until the next
// one, and a gap in the sequence is nothing to act on. The timer, jittered so that a fleet does
// not ask at once, bounds how long a device can miss the last one.
//
// A connection ends with the token it was made with. So before that the link makes another one with
// the next token, goes over to it and leaves the one before, and nothing is lost in between.
//
// An answer that does not name this device and the nonce of the request is dropped, as anyone in
// the devices' account can send to an inbox whose name he guesses. The signature is checked by
// the agent, not here.
package nats
