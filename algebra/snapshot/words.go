package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// encoder and decoder are the words of the format, side by side. Both keep their first
// error: after it an encoder writes nothing and a decoder reads zeros.

type encoder struct {
	*blockWriter
	scratch []byte
}

type decoder struct {
	*blockReader
	err error
}

// fail keeps the first error; nil is none.
func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

func (e *encoder) number(n uint64) {
	e.scratch = binary.AppendUvarint(e.scratch[:0], n)
	e.write(e.scratch)
}

func (d *decoder) number() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		b := d.byte()
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if b == 0 && shift > 0 || shift == 63 && b > 1 {
				d.fail(errors.New("snapshot: a number is not in its shortest form"))
			}
			return n
		}
	}
	d.fail(errors.New("snapshot: a number has no end"))
	return 0
}

// index is a number below n.
func (d *decoder) index(n int) int {
	i := d.number()
	if i >= uint64(n) {
		d.fail(errors.New("snapshot: it refers to what it does not hold"))
		return 0
	}
	return int(i)
}

// times calls f as often as a count says, until an error.
func (d *decoder) times(f func()) { d.repeat(d.number(), f) }

func (d *decoder) repeat(n uint64, f func()) {
	for ; n > 0 && d.err == nil; n-- {
		f()
	}
}

// room is a size for a map of n entries that are told of so many devices: a wrong count does
// not take the memory.
func room(n uint64, r *algebra.Roster) int { return int(min(n, 8*uint64(r.Len())+64)) }

// different checks that as many things as were told are there: none is told twice.
func (d *decoder) different(told uint64, there int, what string) {
	if told != uint64(there) {
		d.fail(fmt.Errorf("snapshot: %s is told twice", what))
	}
}

func (d *decoder) byte() byte {
	for len(d.block) == 0 {
		if d.err != nil {
			return 0
		}
		d.fail(d.next())
	}
	b := d.block[0]
	d.block = d.block[1:]
	return b
}

// read calls f with the next n bytes, part by part.
func (d *decoder) read(n uint64, f func(part []byte)) {
	for n > 0 && d.err == nil {
		if len(d.block) == 0 {
			d.fail(d.next())
			continue
		}
		part := d.block[:min(n, uint64(len(d.block)))]
		d.block = d.block[len(part):]
		n -= uint64(len(part))
		f(part)
	}
}

func (e *encoder) text(s string) {
	e.number(uint64(len(s)))
	e.scratch = append(e.scratch[:0], s...)
	e.write(e.scratch)
}

// text grows as bytes come: a wrong length is told before much memory is taken for it.
func (d *decoder) text() string { return string(d.bytes(nil)) }

func (d *decoder) bytes(to []byte) []byte {
	d.read(d.number(), func(part []byte) { to = append(to, part...) })
	return to
}

func (e *encoder) flag(b bool) {
	if b {
		e.number(1)
	} else {
		e.number(0)
	}
}

func (d *decoder) flag() bool { return d.index(2) == 1 }

// time is to the nanosecond and without its place; the zero time is never.
func (e *encoder) time(t time.Time) {
	e.flag(!t.IsZero())
	if !t.IsZero() {
		e.number(uint64(t.Unix()))
		e.number(uint64(t.Nanosecond()))
	}
}

func (d *decoder) time() time.Time {
	if !d.flag() {
		return time.Time{}
	}
	seconds := int64(d.number())
	return time.Unix(seconds, int64(d.index(1e9))).UTC()
}

// codes are numbers up to greatest, in as many bytes as that needs.
func (e *encoder) codes(list []uint32, greatest int) {
	width := widthOf(greatest)
	for len(list) > 0 {
		part := list[:min(len(list), blockSize/4)]
		list = list[len(part):]
		e.scratch = e.scratch[:0]
		for _, c := range part {
			for i := range width {
				e.scratch = append(e.scratch, byte(c>>(8*i)))
			}
		}
		e.write(e.scratch)
	}
}

func (d *decoder) codes(n, greatest int) []uint32 {
	width := widthOf(greatest)
	list := make([]uint32, 0, n)
	var c uint32
	shift := 0
	d.read(uint64(n)*uint64(width), func(part []byte) {
		for _, b := range part {
			c |= uint32(b) << shift
			if shift += 8; shift == 8*width {
				list = append(list, c)
				c, shift = 0, 0
			}
		}
	})
	return list
}

func widthOf(greatest int) int {
	switch {
	case greatest <= math.MaxUint8:
		return 1
	case greatest <= math.MaxUint16:
		return 2
	default:
		return 4
	}
}

func (e *encoder) release(rel algebra.Release) {
	e.text(rel.Version.String())
	e.text(rel.Deployment.String())
	e.text(rel.Values.String())
}

func (d *decoder) release() algebra.Release {
	return algebra.Release{Version: named(d, algebra.ParseVersion), Deployment: named(d, algebra.ParseDigest), Values: named(d, algebra.ParseDigest)}
}

// named is a name or none.
func named[T any](d *decoder, parse func(string) (T, error)) (name T) {
	text := d.text()
	if text == "" {
		return name
	}
	name, err := parse(text)
	if err != nil {
		d.fail(fmt.Errorf("snapshot: %w", err))
	}
	return name
}
