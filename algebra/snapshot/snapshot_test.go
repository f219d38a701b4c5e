package snapshot_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/algebra/snapshot"
)

// crafted is a file whose checksums are right and whose content is the given one.
func crafted(content ...byte) string {
	file := "muster snapshot 1\n"
	for i, block := range [][]byte{content, nil} {
		table := crc32.MakeTable(crc32.Castagnoli)
		place := binary.LittleEndian.AppendUint32(nil, uint32(i))
		head := binary.LittleEndian.AppendUint32(nil, uint32(len(block)))
		head = binary.LittleEndian.AppendUint32(head, crc32.Update(crc32.Checksum(place, table), table, block))
		file += string(head) + string(block)
	}
	return file
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"nothing", "", "snapshot: not a snapshot of muster; muster snapshot writes one"},
		{"text", "apiVersion: v1\n", "not a snapshot of muster"},
		{"a later version", "muster snapshot 2\n", `snapshot: version "2"; this muster reads version 1`},
		{"only the head", "muster snapshot 1\n", "snapshot: cut short in block 0; take a new one"},
		{"no blocks that say anything", crafted(), "it ends before all is told"},
		{"more than it should", crafted(0, 0, 0, 0, 0, 0, 0, 0, 0), "more is told than a snapshot holds"},
		{"ids out of order", crafted(0, 2, 0, 1, 'b', 0, 1, 'a'), `device "a" follows "b"; ids must ascend`},
		{"a bad id", crafted(0, 1, 0, 1, 'A'), "not a DNS-1123 subdomain"},
		{"a shared part that is none", crafted(0, 1, 5, 1, 'a'), "refers to what it does not hold"},
		{"a code without a value", crafted(0, 1, 0, 1, 'a', 1, 1, 1, 'k', 1, 1, 'v', 2), "code 2, there are 1 values"},
		{"a value without a device", crafted(0, 1, 0, 1, 'a', 1, 1, 1, 'k', 1, 1, 'v', 0), `no device has the value "v"`},
		{"a long number", crafted(0x80, 0x00), "not in its shortest form"},
		{"an endless number", crafted(bytes.Repeat([]byte{0xff}, 11)...), "snapshot: a number"},
		{"a text longer than the file", crafted(0, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 'a'), "ends before all is told"},
		{"a record told twice", crafted(0, 1, 0, 1, 'a', 0, 0, 2, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0), "the record of a device is told twice"},
	} {
		_, err := snapshot.Read(strings.NewReader(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// TestErrorsOfTheDisk: an error of the reader or writer comes out, wrapped.
func TestErrorsOfTheDisk(t *testing.T) {
	r := algebra.NewReality(algebratest.MustRoster(nil), algebratest.Now)
	broken := errors.New("broken")
	if _, err := snapshot.Read(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("read: %v", err)
	}
	if err := snapshot.Write(failing{broken}, r); !errors.Is(err, broken) {
		t.Errorf("write: %v", err)
	}
	if err := snapshot.Write(&bytes.Buffer{}, algebra.Reality{}); err == nil {
		t.Error("a reality without a roster is written")
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestManyBlocks: a roster of several blocks, read a byte at a time.
func TestManyBlocks(t *testing.T) {
	var list []algebra.Device
	for i := range 9000 {
		serial := fmt.Sprintf("%032d", i*7919%9000)
		list = append(list, algebra.Device{ID: algebra.MustDeviceID(fmt.Sprintf("edge%05d", i)), Labels: map[string]string{"serial": serial, "ring": serial[31:]}})
	}
	before := algebra.NewReality(algebratest.MustRoster(list), algebratest.Now)
	file := written(before)
	after, err := snapshot.Read(iotest.OneByteReader(bytes.NewReader(file)))
	if err != nil || !sameReality(before, after) || len(file) < 4<<16 {
		t.Errorf("%d bytes: %v", len(file), err)
	}
}
