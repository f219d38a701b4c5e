package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// observed is what a line of a roster may say of a device beside its labels and facts: when it
// was heard, and what it runs. An analysis that shows a device by such a line needs it.
//
//	{"id":"gw-1","heartbeat":"2026-11-23T12:00:00Z","deploy":[{"app":"web","phase":"Failed"}]}
type observed struct {
	id    algebra.DeviceID
	heard time.Time
	slots map[algebra.App]algebra.SlotState
}

// cutObserved takes that from a line, and leaves one that is a device alone. Lines that say
// nothing of it are left as they are.
func cutObserved(line []byte) (rest []byte, seen *observed, why string) {
	if !bytes.Contains(line, []byte(`"heartbeat"`)) && !bytes.Contains(line, []byte(`"deploy"`)) {
		return line, nil, ""
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(line, &fields) != nil || fields["heartbeat"] == nil && fields["deploy"] == nil {
		return line, nil, "" // who reads the device says what is wrong
	}
	var parts struct {
		ID        algebra.DeviceID    `json:"id"`
		Heartbeat time.Time           `json:"heartbeat"`
		Deploy    []map[string]string `json:"deploy"`
	}
	if err := json.Unmarshal(line, &parts); err != nil {
		return line, nil, "heartbeat or deploy: " + err.Error()
	}
	seen = &observed{parts.ID, parts.Heartbeat, map[algebra.App]algebra.SlotState{}}
	for _, e := range parts.Deploy {
		app, slot, err := observedSlot(e)
		if err != nil {
			return line, nil, "deploy: " + err.Error()
		}
		seen.slots[app] = slot
	}
	delete(fields, "heartbeat")
	delete(fields, "deploy")
	rest, err := json.Marshal(fields)
	if err != nil {
		return line, nil, err.Error()
	}
	return rest, seen, ""
}

// observedSlot reads an element as any(deploy: …) knows it.
func observedSlot(e map[string]string) (app algebra.App, s algebra.SlotState, err error) {
	if app, err = algebra.ParseApp(e["app"]); err != nil {
		return app, s, err
	}
	for key, text := range e {
		switch key {
		case "app":
		case "version":
			s.Release.Version, err = algebra.ParseVersion(text)
		case "phase":
			s.Phase, err = algebra.ParsePhase(text)
		case "since":
			s.Since, err = time.Parse(time.RFC3339, text)
		case "restarts":
			s.Restarts, err = strconv.Atoi(text)
		default:
			err = fmt.Errorf("unknown key %s; known: app, version, phase, since, restarts", key)
		}
		if err != nil {
			return app, s, err
		}
	}
	return app, s, nil
}

// into lays what was observed over a reality.
func (o *observed) into(r algebra.Reality) {
	if !o.heard.IsZero() {
		r.Records[o.id] = algebra.Record{Lifecycle: algebra.Enrolled, Heard: o.heard}
	}
	for app, slot := range o.slots {
		r.Slots[algebra.Slot{Device: o.id, App: app}] = slot
	}
}
