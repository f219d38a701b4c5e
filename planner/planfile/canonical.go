package planfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"hash"
	"hash/maphash"
	"io"
	"reflect"
	"strconv"

	"github.com/musterfleet/muster/algebra"
)

// errOther says that a text is not in the form JSON writes, blanks apart. It may be a plan file
// all the same.
var errOther = errors.New("not in canonical form")

// canonical reads what JSON wrote, and that alone: every key in its place, every word as
// encoding/json writes it; blanks are free. So the digest of the words it read is Digest of what
// it made of them, and no file need be held as a whole: the text passes through a window.
//
// A plan of a hundred thousand changes repeats most of its words a hundred thousand times. Where
// a value stands as it stood before (memo.go), it is compared and not read again, and shared.
type canonical struct {
	from io.Reader
	room int    // how long the window is, at first
	in   []byte // the window
	at   int    // what of it is read
	end  bool   // the window ends where the text does
	// short says that the window ended within a value.
	short bool
	out   []byte // the words read, without blanks, and not yet in sum
	sum   hash.Hash

	words [1 << 13]string // some that were met, by their hashes
	seed  maphash.Seed
}

// window is the length of the first window of a file. It grows to hold the longest unit.
const window = 1 << 20

// file reads a plan file, and the digest of what it covers. Other text is errOther.
func (c *canonical) file() (f File, digest algebra.Digest, err error) {
	f, digest, err = c.object()
	if err == nil {
		err = c.unit(func() bool { return !c.blanks() && c.end })
	}
	return f, digest, err
}

// object is file of which more text may follow.
func (c *canonical) object() (f File, digest algebra.Digest, err error) {
	c.sum, c.seed = sha256.New(), maphash.MakeSeed()
	of := reflect.ValueOf(&f).Elem()
	for i, m := range members(of.Type()) {
		if err = c.unit(func() bool { return c.begin(m, i == 0) }); err != nil {
			return f, digest, err
		}
		if field := of.Field(i); field.Kind() == reflect.Slice && !uncovered[m.name] {
			err = c.list(readerOf(field.Type().Elem()), field)
		} else {
			err = c.unit(func() bool { return m.read(c, field) })
		}
		if err != nil {
			return f, digest, err
		}
		c.add(!uncovered[m.name])
	}
	if err = c.unit(func() bool { return c.one('}') }); err != nil {
		return f, digest, err
	}
	c.add(true)
	if f.Kind != Kind || f.FormatVersion != FormatVersion {
		return f, digest, errOther
	}
	return f, digestOfSum(c.sum), nil
}

// add adds the words read to the sum, if the digest covers them, and forgets them.
func (c *canonical) add(covered bool) {
	if covered {
		c.sum.Write(c.out)
	}
	c.out = c.out[:0]
}

// list reads a list of which each item is a unit.
func (c *canonical) list(read reader, into reflect.Value) error {
	isNull := false
	err := c.unit(func() bool {
		if isNull = c.blanks() && c.in[c.at] == 'n'; isNull {
			return c.word("null")
		}
		return c.one('[')
	})
	if err != nil || isNull {
		return err
	}
	into.Set(reflect.MakeSlice(into.Type(), 0, 0))
	for n, more := 0, true; more; n++ {
		err := c.unit(func() bool {
			if more = c.blanks() && c.in[c.at] != ']'; !more {
				return c.one(']')
			}
			extend(into, n)
			return (n == 0 || c.one(',')) && read(c, into.Index(n))
		})
		if err != nil {
			return err
		}
		c.add(true)
	}
	return nil
}

// extend makes a list n+1 items long.
func extend(list reflect.Value, n int) {
	if n == list.Cap() {
		list.Grow(1)
	}
	list.SetLen(n + 1)
}

// unit reads one value whole, widening the window until it is in it.
func (c *canonical) unit(read func() bool) error {
	for {
		at, out := c.at, len(c.out)
		c.short = false
		if read() {
			return nil
		}
		if !c.short || c.end {
			return errOther
		}
		c.at, c.out = at, c.out[:out]
		if err := c.widen(); err != nil {
			return err
		}
	}
}

// widen takes what is read out of the window, and fills the rest of it, which is never nothing.
func (c *canonical) widen() error {
	kept := copy(c.in, c.in[c.at:])
	room := max(cap(c.in), c.room)
	if 2*kept > room {
		room *= 2
	}
	in := c.in
	if room > cap(in) {
		in = make([]byte, room)
		copy(in, c.in[:kept])
	}
	n, err := io.ReadFull(c.from, in[kept:room])
	c.in, c.at = in[:kept+n], 0
	c.end = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if c.end {
		return nil
	}
	return err
}

// blanks passes over blanks, and reports whether something follows them.
func (c *canonical) blanks() bool {
	for ; c.at < len(c.in); c.at++ {
		switch c.in[c.at] {
		case ' ', '\n', '\t', '\r':
		default:
			return true
		}
	}
	c.short = true
	return false
}

// one reads a character of JSON's syntax if it is the next.
func (c *canonical) one(b byte) bool {
	if !c.blanks() || c.in[c.at] != b {
		return false
	}
	c.at++
	c.out = append(c.out, b)
	return true
}

// word reads a text that stands as it is, such as a key or null.
func (c *canonical) word(text string) bool {
	if !c.blanks() {
		return false
	}
	rest := c.in[c.at:]
	if len(rest) < len(text) {
		c.short = true
		return false
	}
	if string(rest[:len(text)]) != text {
		return false
	}
	c.at += len(text)
	c.out = append(c.out, text...)
	return true
}

// text reads a string.
func (c *canonical) text() (string, bool) {
	if !c.blanks() || c.in[c.at] != '"' {
		return "", false
	}
	start := c.at
	plain := true
	for i := start + 1; i < len(c.in); i++ {
		switch b := c.in[i]; {
		case b == '"':
			c.at = i + 1
			c.out = append(c.out, c.in[start:c.at]...)
			if plain {
				return c.shared(c.in[start+1 : i]), true
			}
			return written(c.in[start:c.at])
		case b == '\\':
			plain = false
			i++
		case b < ' ' || b >= 0x80 || b == '<' || b == '>' || b == '&':
			plain = false
		}
	}
	c.short = true
	return "", false
}

// written is the value of a quoted string that encoding/json writes so.
func written(quoted []byte) (string, bool) {
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return "", false
	}
	again, err := json.Marshal(s)
	return s, err == nil && bytes.Equal(again, quoted)
}

// shared is a text as a string, if possible as one that was met before.
func (c *canonical) shared(text []byte) string {
	met := &c.words[maphash.Bytes(c.seed, text)%uint64(len(c.words))]
	if *met != string(text) {
		*met = string(text)
	}
	return *met
}

// number reads an integer, as a text that lives as long as the window stays.
func (c *canonical) number() (string, bool) {
	if !c.blanks() {
		return "", false
	}
	for i := c.at; i < len(c.in); i++ {
		if b := c.in[i]; b != '-' && (b < '0' || b > '9') {
			text := c.in[c.at:i]
			c.at = i
			c.out = append(c.out, text...)
			return string(text), len(text) > 0
		}
	}
	c.short = true
	return "", false
}

// signed is the value of a number that is written in its shortest form.
func signed(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == text
}

func unsigned(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil && strconv.FormatUint(n, 10) == text
}
