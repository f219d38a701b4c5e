package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/musterfleet/muster/algebra"
)

// rosterDevice reads one line, or says why it cannot and what to write instead.
func rosterDevice(line []byte) (d algebra.Device, why, hint string) {
	const form = `write one object a line: {"id":"gw-1","labels":{"site":"a"},"facts":{"arch":"aarch64"}}`
	if !utf8.Valid(line) {
		return d, "the line is not valid UTF-8", "write the file as UTF-8"
	}
	var r rosterObject
	dec := json.NewDecoder(bytes.NewReader(line))
	err := dec.Decode(&r)
	var typed *json.UnmarshalTypeError
	var unknown unknownField
	switch {
	case err == nil:
	case errors.As(err, &unknown):
		return d, err.Error(), suggest(string(unknown), rosterFields, "known: id, labels, facts")
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
	return algebra.Device{ID: r.ID, Labels: r.Labels, Facts: r.Facts}, "", ""
}

// rosterFields are the members of a device.
var rosterFields = []string{"id", "labels", "facts"}

type unknownField string

func (f unknownField) Error() string { return "unknown field " + string(f) }

// rosterObject is a device in which each member stands once and is spelt as it is told:
// encoding/json would take ID for id, and the last of two.
type rosterObject struct {
	ID            algebra.DeviceID
	Labels, Facts rosterTexts
}

func (o *rosterObject) UnmarshalJSON(source []byte) error {
	if source[0] != '{' {
		return json.Unmarshal(source, &struct{}{}) // says what it is instead
	}
	return members(source, func(key string, value json.RawMessage) error {
		switch key {
		case "id":
			return inField(key, json.Unmarshal(value, &o.ID))
		case "labels":
			return inField(key, json.Unmarshal(value, &o.Labels))
		case "facts":
			return inField(key, json.Unmarshal(value, &o.Facts))
		}
		return unknownField(key)
	})
}

// inField names the member that a value of the wrong type stands in.
func inField(key string, err error) error {
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) && typed.Field == "" {
		typed.Field = key
	}
	return err
}

// rosterTexts are labels or facts.
type rosterTexts map[string]string

func (m *rosterTexts) UnmarshalJSON(source []byte) error {
	switch source[0] {
	case 'n':
		return nil // null: a device without any
	case '{':
	default:
		return json.Unmarshal(source, (*map[string]string)(m)) // says what it is instead
	}
	*m = rosterTexts{}
	return members(source, func(key string, value json.RawMessage) error {
		if key == "" {
			return errors.New("a label or fact without a name")
		}
		var text rosterText
		err := text.UnmarshalJSON(value)
		(*m)[key] = string(text)
		return err
	})
}

// members yields the members of an object in their order, and refuses a key that comes twice.
func members(source []byte, member func(key string, value json.RawMessage) error) error {
	dec := json.NewDecoder(bytes.NewReader(source))
	if _, err := dec.Token(); err != nil {
		return err
	}
	had := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		key := token.(string) // of an object that was read once already
		if had[key] {
			return fmt.Errorf("%s is given twice in one object", key)
		}
		had[key] = true
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		if err := member(key, value); err != nil {
			return err
		}
	}
	return nil
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
