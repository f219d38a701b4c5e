package planfile

import (
	"bytes"

	"github.com/musterfleet/muster/algebra"
)

// DecodeOther is Decode without the reader of canonical text.
var DecodeOther = decodeOther

// Canonical is the reader of canonical text by itself, on the whole text or through a window of
// some bytes.
func Canonical(text []byte, window int) (File, algebra.Digest, error) {
	if window == 0 {
		return (&canonical{in: text, end: true}).file()
	}
	return (&canonical{from: bytes.NewReader(text), room: window}).file()
}
