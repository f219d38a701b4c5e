package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/selectors"
)

// flush shows what was written so far.
func (s *session) flush() {
	if b, ok := s.console.out.(*bytes.Buffer); ok {
		s.emit(b.String())
		b.Reset()
	}
}

// moves tells who came and who went since have, if anybody, and returns who is there.
func (s *session) moves(have map[algebra.DeviceID]bool, now algebra.Fleet) map[algebra.DeviceID]bool {
	next := map[algebra.DeviceID]bool{}
	var came []string
	for id := range now.IDs() {
		next[id] = true
		if !have[id] {
			came = append(came, id.String())
		}
		delete(have, id)
	}
	var went []string
	for _, id := range slices.SortedFunc(maps.Keys(have), algebra.DeviceID.Compare) {
		went = append(went, id.String())
	}
	at := s.now().UTC().Format("15:04:05Z")
	if len(came) > 0 {
		fmt.Fprintf(s.console.out, "%s  + %s\n", at, selectors.Fold(came))
	}
	if len(went) > 0 {
		fmt.Fprintf(s.console.out, "%s  - %s\n", at, selectors.Fold(went))
	}
	return next
}
