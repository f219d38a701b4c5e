package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/diag"
)

// mostRosterErrors is how many bad lines a roster reports: after those, the file is likely
// no roster at all.
const mostRosterErrors = 20

// readRoster reads devices as JSON lines: {"id":"gw-1","labels":{"site":"a"},"facts":{"arch":"aarch64"}}.
// Empty lines are skipped. All bad lines are reported; there are devices or errors, not both.
// Beside the devices it gives what lines say was observed of them.
func readRoster(name string, text []byte) ([]algebra.Device, []*observed, diag.List) {
	r := newRosterReader(name)
	var devices []algebra.Device
	for d := range r.devices(bytes.NewReader(text)) {
		d.Labels, d.Facts = maps.Clone(d.Labels), maps.Clone(d.Facts)
		devices = append(devices, d)
	}
	if bad := r.errors(); len(bad) > 0 {
		return nil, nil, bad
	}
	return devices, r.observed, nil
}

// indexRoster is the roster of such lines, of which none is kept, and what they say was observed.
func indexRoster(name string, from io.Reader) (*algebra.Roster, []*observed, error) {
	r := newRosterReader(name)
	roster, err := algebra.NewRosterFrom(r.devices(from))
	if bad := r.errors(); len(bad) > 0 {
		return nil, nil, bad // they say where
	}
	if r.failed != nil {
		return nil, nil, r.failed
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return roster, r.observed, nil
}

// rosterReader reads lines one by one and remembers what was wrong with them.
type rosterReader struct {
	name   string
	line   int
	bad    diag.List
	failed error // of the stream
	seen   map[uint64]uint32
	seed   maphash.Seed
	// observed is what lines say of devices beside labels and facts.
	observed []*observed
}

func newRosterReader(name string) *rosterReader {
	return &rosterReader{name: name, seen: map[uint64]uint32{}, seed: maphash.MakeSeed()}
}

// errors are the bad lines in their order.
func (r *rosterReader) errors() diag.List {
	slices.SortStableFunc(r.bad, func(a, b diag.Diagnostic) int { return a.Line - b.Line })
	return r.bad
}

// devices yields each line's device. Its maps are good until the next one.
func (r *rosterReader) devices(from io.Reader) iter.Seq[algebra.Device] {
	return func(yield func(algebra.Device) bool) {
		quick := newQuickLine()
		lines := bufio.NewReaderSize(from, 1<<20)
		for len(r.bad) < mostRosterErrors {
			line, err := wholeLine(lines)
			r.line++
			if r.line == 1 {
				line = bytes.TrimPrefix(line, []byte("\uFEFF")) // as Windows marks UTF-8
			}
			if line = bytes.TrimSpace(line); len(line) > 0 {
				line, seen, why := cutObserved(line)
				if why != "" {
					r.fail(why, "")
				}
				if seen != nil {
					r.observed = append(r.observed, seen)
				}
				d, ok := quick.device(line)
				if !ok && why == "" {
					var why, hint string
					if d, why, hint = rosterDevice(line); why != "" {
						r.fail(why, hint)
					}
				}
				if !d.ID.IsZero() && r.first(d.ID) && !yield(d) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				r.failed = fmt.Errorf("roster: %w", err)
				return
			}
		}
	}
}

func (r *rosterReader) fail(why, hint string) {
	r.bad = append(r.bad, diag.Diagnostic{Severity: diag.Error, File: r.name, Line: r.line, Message: why, Hint: hint})
}

// first reports whether no line before had that id, and notes the line. Ids are known by
// 64 bits of a hash with a seed of its own: two of ten million are mixed up once in 300,000 runs.
func (r *rosterReader) first(id algebra.DeviceID) bool {
	key := maphash.String(r.seed, id.String())
	if line, twice := r.seen[key]; twice {
		r.fail(fmt.Sprintf("device %s is given twice, first in line %d", id, line), "keep one of the two")
		return false
	}
	r.seen[key] = uint32(r.line)
	return true
}

// wholeLine is the next line, good until the next call.
func wholeLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	long := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = r.ReadSlice('\n')
		long = append(long, line...)
	}
	return long, err
}
