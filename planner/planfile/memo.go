package planfile

import (
	"bytes"
	"reflect"
)

// reader reads a value of one type into its place. It reports false where the text is not
// canonical, or not whole.
type reader func(c *canonical, into reflect.Value) bool

// longest is how long a text may be that is kept to compare the next one with: longer ones do not
// come again.
const longest = 1 << 16

// again is a reader that knows the value it met last. A string, list or object ends in a sign
// that is part of it, so what begins with the text of one is that one.
func again(read reader) reader {
	var last, words []byte
	var value reflect.Value
	return func(c *canonical, into reflect.Value) bool {
		if !c.blanks() {
			return false
		}
		if value.IsValid() && bytes.HasPrefix(c.in[c.at:], last) {
			c.at += len(last)
			c.out = append(c.out, words...)
			into.Set(value)
			return true
		}
		at, out := c.at, len(c.out)
		if !read(c, into) {
			return false
		}
		if c.at-at <= longest {
			last = append(last[:0], c.in[at:c.at]...)
			words = append(words[:0], c.out[out:]...)
			if !value.IsValid() {
				value = reflect.New(into.Type()).Elem()
			}
			value.Set(into)
		}
		return true
	}
}

// most is how many values of a type are kept at a time to be shared.
const most = 1 << 14

// once is a reader of pointers that gives equal texts the same pointer, for most of them.
func once(read reader) reader {
	met := map[string]reflect.Value{}
	return func(c *canonical, into reflect.Value) bool {
		if !c.blanks() {
			return false
		}
		out := len(c.out)
		if !read(c, into) {
			return false
		}
		words := c.out[out:]
		if known, ok := met[string(words)]; ok {
			into.Set(known)
			return true
		}
		if len(met) == most {
			clear(met)
		}
		value := reflect.New(into.Type()).Elem()
		value.Set(into)
		met[string(words)] = value
		return true
	}
}
