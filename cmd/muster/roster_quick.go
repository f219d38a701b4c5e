package main

import (
	"github.com/musterfleet/muster/algebra"
)

// quickLine reads a device from a line in which nothing is out of the ordinary: id, labels and
// facts, each once at most, all texts without escapes. For any other line it gives up, and
// rosterDevice reads it or says what is wrong. So it is never wrong, and only has to be quick:
// a roster has millions of lines.
type quickLine struct {
	rest          string
	labels, facts map[string]string
}

func newQuickLine() *quickLine {
	return &quickLine{labels: map[string]string{}, facts: map[string]string{}}
}

// device is the line's device; its maps are good until the next call.
//
// Law: where it reads a device, rosterDevice reads the same.
func (q *quickLine) device(line []byte) (d algebra.Device, ok bool) {
	q.rest = string(line) // the one copy: keys and values are parts of it
	clear(q.labels)
	clear(q.facts)
	const id, labels, facts = 1, 2, 4
	had := 0
	once := func(field int) bool {
		twice := had&field != 0
		had |= field
		return !twice
	}
	ok = q.members(func(key string) bool {
		switch key {
		case "id":
			text, ok := q.text()
			var err error
			if ok {
				d.ID, err = algebra.ParseDeviceID(text)
			}
			return ok && err == nil && once(id)
		case "labels":
			return once(labels) && q.texts(q.labels)
		case "facts":
			return once(facts) && q.texts(q.facts)
		}
		return false
	})
	d.Labels, d.Facts = q.labels, q.facts
	return d, ok && q.rest == "" && had&id != 0
}

// texts reads an object of texts.
func (q *quickLine) texts(into map[string]string) bool {
	return q.members(func(key string) bool {
		value, ok := q.text()
		n := len(into)
		into[key] = value
		return ok && key != "" && len(into) > n
	})
}

// members reads an object; member reads the value of each key.
func (q *quickLine) members(member func(key string) bool) bool {
	if !q.sign('{') {
		return false
	}
	if q.sign('}') {
		return true
	}
	for {
		key, ok := q.text()
		if !ok || !q.sign(':') || !member(key) {
			return false
		}
		if q.sign('}') {
			return true
		}
		if !q.sign(',') {
			return false
		}
	}
}

// sign takes a sign and the blanks before it.
func (q *quickLine) sign(c byte) bool {
	for q.rest != "" && (q.rest[0] == ' ' || q.rest[0] == '\t') {
		q.rest = q.rest[1:]
	}
	if q.rest == "" || q.rest[0] != c {
		return false
	}
	q.rest = q.rest[1:]
	return true
}

// text takes a text of plain ASCII without escapes.
func (q *quickLine) text() (string, bool) {
	if !q.sign('"') {
		return "", false
	}
	for i := range len(q.rest) {
		switch c := q.rest[i]; {
		case c == '"':
			text := q.rest[:i]
			q.rest = q.rest[i+1:]
			return text, true
		case c == '\\' || c < ' ' || c > '~':
			return "", false
		}
	}
	return "", false
}
