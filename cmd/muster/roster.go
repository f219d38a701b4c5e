package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
)

// mostRosterErrors is how many bad lines a roster reports: after those, the file is likely
// no roster at all.
const mostRosterErrors = 20

// readRoster reads devices as JSON lines: {"id":"gw-1","labels":{"site":"a"},"facts":{"arch":"aarch64"}}.
// Empty lines are skipped. All bad lines are reported; there are devices or errors, not both.
func readRoster(name string, text []byte) ([]algebra.Device, diag.List) {
	var devices []algebra.Device
	var bad diag.List
	first := map[algebra.DeviceID]int{}
	for n, line := range bytes.Split(text, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		d, why, hint := rosterDevice(line)
		if why == "" && first[d.ID] > 0 {
			why, hint = fmt.Sprintf("device %s is given twice, first in line %d", d.ID, first[d.ID]), "keep one of the two"
		}
		if why != "" {
			bad = append(bad, diag.Diagnostic{Severity: diag.Error, File: name, Line: n + 1, Message: why, Hint: hint})
			if len(bad) == mostRosterErrors {
				return nil, bad
			}
			continue
		}
		first[d.ID] = n + 1
		devices = append(devices, d)
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return devices, nil
}

// rosterDevice reads one line, or says why it cannot and what to write instead.
func rosterDevice(line []byte) (d algebra.Device, why, hint string) {
	const form = `write one object a line: {"id":"gw-1","labels":{"site":"a"},"facts":{"arch":"aarch64"}}`
	var r struct {
		ID     algebra.DeviceID      `json:"id"`
		Labels map[string]rosterText `json:"labels"`
		Facts  map[string]rosterText `json:"facts"`
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	err := dec.Decode(&r)
	var typed *json.UnmarshalTypeError
	switch field, unknown := strings.CutPrefix(fmt.Sprint(err), "json: unknown field "); {
	case err == nil:
	case unknown:
		field = strings.Trim(field, `"`)
		return d, "unknown field " + field, suggest(field, []string{"id", "labels", "facts"}, "known: id, labels, facts")
	case errors.As(err, &typed) && typed.Field == "":
		return d, "a device is a JSON object, not " + article(typed.Value), form
	case errors.As(err, &typed):
		return d, fmt.Sprintf("%s: want %s, have %s", typed.Field, jsonNoun(typed), article(typed.Value)), form
	case errors.Is(err, io.ErrUnexpectedEOF):
		return d, "the JSON object is not closed", "a device stands on one line"
	case errors.As(err, new(*json.SyntaxError)):
		return d, "not JSON: " + err.Error(), form
	default:
		return d, err.Error(), "" // what is wrong with an id says how to put it right
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return d, "more text after the device", "write one object a line"
	}
	if r.ID.IsZero() {
		return d, "a device without id", form
	}
	return algebra.Device{ID: r.ID, Labels: texts(r.Labels), Facts: texts(r.Facts)}, "", ""
}

// rosterText is the value of a label or fact. What other tools write as a number or as true
// is taken by its source text, so that 1.10 stays 1.10; a list is a set, as tags are.
type rosterText string

func (t *rosterText) UnmarshalJSON(source []byte) error {
	switch source[0] {
	case '"':
		return json.Unmarshal(source, (*string)(t))
	case '[':
		var elements []rosterText
		if err := json.Unmarshal(source, &elements); err != nil {
			return err
		}
		var parts []string
		for _, e := range elements {
			if strings.Contains(string(e), ",") {
				return fmt.Errorf("%q: an element of a set holds no comma", e)
			}
			parts = append(parts, string(e))
		}
		*t = rosterText(strings.Join(parts, ","))
	case '{', 'n':
		return fmt.Errorf("%s is no text; leave out what a device has not", source)
	default:
		*t = rosterText(source)
	}
	return nil
}

func texts(m map[string]rosterText) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = string(v)
	}
	return out
}

func jsonNoun(e *json.UnmarshalTypeError) string {
	if e.Type.Kind().String() == "map" {
		return "an object"
	}
	return "a text"
}

func article(noun string) string {
	switch {
	case noun == "string":
		return "a text"
	case noun == "bool":
		return "true or false"
	case strings.HasPrefix(noun, "number"):
		return "a number"
	case noun == "object" || noun == "array":
		return "an " + noun
	}
	return noun
}
