// Package hub is the service between devices and the buckets. Devices do no JetStream; a hub
// stores what they report and answers what they ask.
//
//	report.d1.state.web  {"kind":"AppState","device":"d1","app":"web",…} --> device-state/d1.web
//	hub.get.d1           {"kind":"AskState","device":"d1","nonce":"x"}   --> StateAnswer x, signed set
//
// Any number of hubs share the work as one queue group. A hub takes a report only if the subject
// is the one its content calls for and the device is enrolled; the server lets a device publish on
// its own subjects only, so the subject is the identity. Everything else is counted and dropped.
// It stores the bytes it received, so that fields it does not know survive.
//
// A hub holds no signing key and cannot place work: what it hands out was signed by an operator
// and is verified by the agent. It can withhold, which stops nothing.
//
// Two hubs may store two reports of one device in the other order. Agents therefore report
// everything again from time to time; a hub does not compare reports.
package hub
