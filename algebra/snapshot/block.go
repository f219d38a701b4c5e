package snapshot

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

const (
	format    = "muster snapshot "
	version   = "1"
	blockSize = 64 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum covers the place of a block too, so that blocks cannot change places.
func checksum(index uint32, block []byte) uint32 {
	place := binary.LittleEndian.AppendUint32(nil, index)
	return crc32.Update(crc32.Checksum(place, castagnoli), castagnoli, block)
}

// blockWriter cuts what is written into blocks.
type blockWriter struct {
	to    io.Writer
	index uint32
	block []byte
	err   error // the first error; nothing is written after it
}

func newBlockWriter(to io.Writer) *blockWriter {
	w := &blockWriter{to: to}
	w.raw([]byte(format + version + "\n"))
	return w
}

func (w *blockWriter) raw(b []byte) {
	if w.err == nil {
		_, w.err = w.to.Write(b)
	}
}

func (w *blockWriter) write(b []byte) {
	for len(b) > 0 && w.err == nil {
		n := min(len(b), blockSize-len(w.block))
		w.block, b = append(w.block, b[:n]...), b[n:]
		if len(w.block) == blockSize {
			w.flush()
		}
	}
}

func (w *blockWriter) flush() {
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(w.block)))
	w.raw(binary.LittleEndian.AppendUint32(head, checksum(w.index, w.block)))
	w.raw(w.block)
	w.index++
	w.block = w.block[:0]
}

// close writes the rest and the empty block that ends the file.
func (w *blockWriter) close() error {
	if len(w.block) > 0 {
		w.flush()
	}
	w.flush()
	return w.err
}

// blockReader gives the bytes of blocks whose checksums are right.
type blockReader struct {
	from  *bufio.Reader
	index uint32
	block []byte // what is left of the current one
	buf   []byte
	ended bool
}

func newBlockReader(from io.Reader) (*blockReader, error) {
	r := &blockReader{from: bufio.NewReaderSize(from, 1<<16), buf: make([]byte, blockSize)}
	line, err := r.from.ReadSlice('\n')
	v, ok := strings.CutPrefix(string(line), format)
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("snapshot: %w", err)
	case err != nil || !ok:
		return nil, errors.New("snapshot: not a snapshot of muster; muster snapshot writes one")
	case v != version+"\n":
		return nil, fmt.Errorf("snapshot: version %.20q; this muster reads version %s", strings.TrimSuffix(v, "\n"), version)
	}
	return r, nil
}

// next makes block the following one. It is an error to ask for more than there is.
func (r *blockReader) next() error {
	if r.ended {
		return errors.New("snapshot: it ends before all is told; take a new one")
	}
	var head [8]byte
	if err := r.fill(head[:]); err != nil {
		return err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > blockSize {
		return fmt.Errorf("snapshot: block %d is damaged: it is too long; take a new one", r.index)
	}
	r.block = r.buf[:n]
	if err := r.fill(r.block); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(head[4:]) != checksum(r.index, r.block) {
		return fmt.Errorf("snapshot: block %d is damaged: its checksum is wrong; take a new one", r.index)
	}
	r.index++
	r.ended = n == 0
	return nil
}

func (r *blockReader) fill(b []byte) error {
	_, err := io.ReadFull(r.from, b)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("snapshot: cut short in block %d; take a new one", r.index)
	case err != nil:
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

// close checks that nothing is left, in the blocks or behind them.
func (r *blockReader) close() error {
	if len(r.block) == 0 && !r.ended {
		if err := r.next(); err != nil {
			return err
		}
	}
	if !r.ended {
		return errors.New("snapshot: more is told than a snapshot holds")
	}
	switch _, err := r.from.ReadByte(); {
	case err == nil:
		return errors.New("snapshot: bytes follow its end; take a new one")
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}
