package planfile

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// readerOf makes the reader of a type from the Go type, as schema.go makes its schema.
func readerOf(t reflect.Type) reader {
	if t == reflect.TypeFor[time.Time]() {
		return readTime
	}
	switch t.Kind() {
	case reflect.String:
		return func(c *canonical, into reflect.Value) bool {
			s, ok := c.text()
			into.SetString(s)
			return ok
		}
	case reflect.Bool:
		return readBool
	case reflect.Int, reflect.Int64:
		return func(c *canonical, into reflect.Value) bool {
			text, ok := c.number()
			n, short := signed(text)
			into.SetInt(n)
			return ok && short && !into.OverflowInt(n)
		}
	case reflect.Uint64:
		return func(c *canonical, into reflect.Value) bool {
			text, ok := c.number()
			n, short := unsigned(text)
			into.SetUint(n)
			return ok && short
		}
	case reflect.Pointer:
		return once(orNull(readPointer(t)))
	case reflect.Slice:
		return orNull(readList(t))
	case reflect.Map:
		return orNull(readMap(t))
	case reflect.Struct:
		return readStruct(t)
	default:
		panic("planfile: no reader for " + t.String())
	}
}

// orNull reads null as nothing.
func orNull(read reader) reader {
	return func(c *canonical, into reflect.Value) bool {
		if c.blanks() && c.in[c.at] == 'n' {
			into.SetZero()
			return c.word("null")
		}
		return read(c, into)
	}
}

func readBool(c *canonical, into reflect.Value) bool {
	if c.blanks() && c.in[c.at] == 't' {
		into.SetBool(true)
		return c.word("true")
	}
	into.SetBool(false)
	return c.word("false")
}

func readTime(c *canonical, into reflect.Value) bool {
	out := len(c.out)
	if _, ok := c.text(); !ok {
		return false
	}
	var at time.Time
	if json.Unmarshal(c.out[out:], &at) != nil {
		return false
	}
	written, err := json.Marshal(at)
	into.Set(reflect.ValueOf(at))
	return err == nil && string(written) == string(c.out[out:])
}

func readPointer(t reflect.Type) reader {
	read := readerOf(t.Elem())
	return func(c *canonical, into reflect.Value) bool {
		value := reflect.New(t.Elem())
		into.Set(value)
		return read(c, value.Elem())
	}
}

func readList(t reflect.Type) reader {
	read := readerOf(t.Elem())
	return func(c *canonical, into reflect.Value) bool {
		into.Set(reflect.MakeSlice(t, 0, 0))
		n := -1
		return c.items('[', ']', func() bool {
			n++
			extend(into, n)
			return read(c, into.Index(n))
		})
	}
}

// items reads what is between two brackets, by one call for each of them.
func (c *canonical) items(open, end byte, read func() bool) bool {
	if !c.one(open) {
		return false
	}
	for first := true; ; first = false {
		switch {
		case !c.blanks():
			return false
		case c.in[c.at] == end:
			return c.one(end)
		case !first && !c.one(','), !read():
			return false
		}
	}
}

// readMap reads the keys in their order, as encoding/json writes them.
func readMap(t reflect.Type) reader {
	if t.Elem().Kind() == reflect.String {
		return readTexts
	}
	read := readerOf(t.Elem())
	return func(c *canonical, into reflect.Value) bool {
		m := reflect.MakeMap(t)
		last := ""
		ok := c.items('{', '}', func() bool {
			key, ok := c.key(&last, m.Len())
			value := reflect.New(t.Elem()).Elem()
			if !ok || !read(c, value) {
				return false
			}
			m.SetMapIndex(reflect.ValueOf(key), value)
			return true
		})
		into.Set(m)
		return ok
	}
}

// key reads a key and the colon, after n others of which last was the last.
func (c *canonical) key(last *string, n int) (string, bool) {
	key, ok := c.text()
	ok = ok && (n == 0 || *last < key) && c.one(':')
	*last = key
	return key, ok
}

// readTexts reads a map of texts, as long as it has to be.
func readTexts(c *canonical, into reflect.Value) bool {
	var few [16][2]string
	pairs, last := few[:0], ""
	ok := c.items('{', '}', func() bool {
		key, ok := c.key(&last, len(pairs))
		if !ok {
			return false
		}
		value, ok := c.text()
		pairs = append(pairs, [2]string{key, value})
		return ok
	})
	m := make(map[string]string, len(pairs))
	for _, p := range pairs {
		m[p[0]] = p[1]
	}
	into.Set(reflect.ValueOf(m).Convert(into.Type()))
	return ok
}

// member is a field of a struct in JSON.
type member struct {
	name, quoted string
	read         reader
}

func members(t reflect.Type) []member {
	var out []member
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		read := readerOf(t.Field(i).Type)
		switch t.Field(i).Type.Kind() {
		case reflect.String, reflect.Slice, reflect.Map, reflect.Pointer, reflect.Struct:
			read = again(read)
		}
		out = append(out, member{name, `"` + name + `"`, read})
	}
	return out
}

func readStruct(t reflect.Type) reader {
	fields := members(t)
	return func(c *canonical, into reflect.Value) bool {
		for i, m := range fields {
			if !c.begin(m, i == 0) || !m.read(c, into.Field(i)) {
				return false
			}
		}
		return c.one('}')
	}
}

// begin reads what stands before the value of a member.
func (c *canonical) begin(m member, first bool) bool {
	lead := byte(',')
	if first {
		lead = '{'
	}
	return c.one(lead) && c.word(m.quoted) && c.one(':')
}
