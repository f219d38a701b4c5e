package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
	"github.com/musterfleet/muster/selectors"
)

// parseDevices reads a line of devices: names, folded or not, and what they all have. Ages are
// counted from now.
//
//	edge-[001-003] arch=aarch64 label.site=berlin label.note="in the cellar" heartbeat=2m deploy.web=2.1.0,Running
func parseDevices(name string, l testLine, now time.Time) ([]algebra.Device, []*observed, diag.List) {
	words, ends := deviceWords(l.text)
	fail := func(i int, message, hint string) ([]algebra.Device, []*observed, diag.List) {
		at := diag.Source{File: name, Line: l.line, Text: l.raw, Offset: len(l.raw) - len(l.text)}
		return nil, nil, diag.List{at.At(ends[i]-len(words[i]), ends[i], message, hint)}
	}
	names, err := selectors.ExpandNodes(words[0])
	if err != nil {
		return fail(0, err.Error(), "write for example edge-[001-003] arch=aarch64")
	}
	has := deviceLine{labels: map[string]string{}, facts: map[string]string{}, now: now}
	for i := 1; i < len(words); i++ {
		if message, hint := has.word(words[i]); message != "" {
			return fail(i, message, hint)
		}
	}
	var devices []algebra.Device
	var seen []*observed
	for _, n := range names {
		id, err := algebra.ParseDeviceID(n)
		if err != nil {
			return fail(0, err.Error(), "")
		}
		devices = append(devices, algebra.Device{ID: id, Labels: has.labels, Facts: has.facts})
		if !has.heard.IsZero() || len(has.slots) > 0 {
			seen = append(seen, &observed{id, has.heard, has.slots})
		}
	}
	return devices, seen, nil
}

// deviceLine is what a line says of its devices.
type deviceLine struct {
	labels, facts map[string]string
	now           time.Time
	heard         time.Time
	slots         map[algebra.App]algebra.SlotState
}

// word reads key=value, or says what is wrong with it.
func (d *deviceLine) word(word string) (wrong, hint string) {
	key, value, ok := strings.Cut(word, "=")
	if !ok {
		return word + " is no key=value", "write for example arch=aarch64 or label.site=berlin"
	}
	if strings.HasPrefix(value, `"`) {
		var err error
		if value, err = strconv.Unquote(value); err != nil {
			return "a text without its closing quote, or with a bad escape", `write \" for a quote and \\ for a backslash`
		}
	}
	if label, ok := strings.CutPrefix(key, "label."); ok {
		d.labels[label] = value
		return "", ""
	}
	if app, ok := strings.CutPrefix(key, selectors.Deploy+"."); ok {
		return d.deployment(app, value)
	}
	switch {
	case key == selectors.Heartbeat:
		at, err := d.instant(value)
		if err != nil {
			return err.Error(), "write how long ago, as in heartbeat=2m, or the time: heartbeat=2026-11-23T12:00:00Z"
		}
		d.heard = at
	case slices.Contains([]string{"name", "id"}, key):
		return key + " is the first word of the line", ""
	case !slices.Contains(selectors.AttributeNames(), key):
		return "unknown fact " + key, suggest(key, selectors.AttributeNames(), "for a label write label."+key)
	default:
		d.facts[key] = value
	}
	return "", ""
}

// deployment reads what runs of an app: a version, a phase, restarts=N and since=AGE, with
// commas between those that are there.
func (d *deviceLine) deployment(app, value string) (wrong, hint string) {
	said := map[string]string{"app": app}
	for _, item := range strings.Split(value, ",") {
		key, text, ok := strings.Cut(item, "=")
		switch _, err := algebra.ParsePhase(item); {
		case ok && key == "since":
			at, err := d.instant(text)
			if err != nil {
				return err.Error(), "write how long ago, as in since=2m, or the time"
			}
			said[key] = at.Format(time.RFC3339Nano)
		case ok:
			said[key] = text
		case err == nil:
			said["phase"] = item
		case said["version"] != "":
			return item + " is no phase", suggest(item, phases(), "phases: "+strings.Join(phases(), ", "))
		default:
			if near, ok := selectors.Nearest(item, phases()); ok {
				return item + " is no phase", "did you mean " + near + "?"
			}
			said["version"] = item
		}
	}
	name, slot, err := observedSlot(said)
	if err != nil {
		return err.Error(), "write for example deploy.web=2.1.0,Running,restarts=3,since=10m"
	}
	if d.slots == nil {
		d.slots = map[algebra.App]algebra.SlotState{}
	}
	d.slots[name] = slot
	return "", ""
}

func phases() []string {
	var out []string
	for p := algebra.Pending; p <= algebra.Refused; p++ {
		out = append(out, p.String())
	}
	return out
}

// instant is a time, or how long before now it was.
func (d *deviceLine) instant(text string) (time.Time, error) {
	if age, err := time.ParseDuration(text); err == nil {
		return d.now.Add(-age), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%q is no time and no age", text)
	}
	return at, nil
}

// deviceWords cuts a line at blanks outside quotes, and says where each word ends.
func deviceWords(text string) (words []string, ends []int) {
	quoted := false
	start := -1
	for i := 0; i <= len(text); i++ {
		blank := i == len(text) || !quoted && (text[i] == ' ' || text[i] == '\t')
		switch {
		case blank && start >= 0:
			words, ends, start = append(words, text[start:i]), append(ends, i), -1
		case !blank && start < 0:
			start = i
		}
		if i < len(text) && text[i] == '"' && (i == 0 || text[i-1] != '\\') {
			quoted = !quoted
		}
	}
	return words, ends
}

// testFleet is the devices loaded so far. Later lines are laid over earlier ones.
type testFleet struct {
	at      map[algebra.DeviceID]int
	devices []algebra.Device
	seen    []*observed
}

func (f *testFleet) add(devices []algebra.Device, seen []*observed) {
	if f.at == nil {
		f.at = map[algebra.DeviceID]int{}
	}
	for _, d := range devices {
		i, ok := f.at[d.ID]
		if !ok {
			i = len(f.devices)
			f.at[d.ID] = i
			f.devices = append(f.devices, algebra.Device{ID: d.ID, Labels: map[string]string{}, Facts: map[string]string{}})
		}
		maps.Copy(f.devices[i].Labels, d.Labels)
		maps.Copy(f.devices[i].Facts, d.Facts)
	}
	f.seen = append(f.seen, seen...)
}

func (f *testFleet) reality(now time.Time) (algebra.Reality, error) {
	roster, err := algebra.NewRoster(f.devices)
	if err != nil {
		return algebra.Reality{}, err
	}
	reality := algebra.NewReality(roster, now)
	for _, o := range f.seen {
		o.into(reality)
	}
	return reality, nil
}
