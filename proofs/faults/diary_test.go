package faults_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// What machines, executors and the broker tell.
const (
	boots     = "boots"     // with what is in the slot
	stops     = "stops"     // is about to
	stopped   = "stopped"   // has
	starts    = "starts"    // is about to
	started   = "started"   // has
	publishes = "publishes" // is about to, under a fence
	published = "published" // stored
	lease     = "lease"     // stored
	run       = "run"       // stored
)

// entry is one thing that happened.
type entry struct {
	At   int64 // Unix time in ns, by the clock of this machine, which all share
	What string
	// Who is a device, or for publishes an executor, for lease its holder, for run its id.
	Who string
	// Version is what a slot holds, or is to hold; 0 is nothing.
	Version int `json:",omitempty"`
	// Device and Generation say what is published.
	Device     string `json:",omitempty"`
	Generation uint64 `json:",omitempty"`
	Fence      uint64 `json:",omitempty"`
	// Ended says that a run has.
	Ended bool `json:",omitempty"`
}

// diary is where a process writes down what it does, each line by one write, so that what it wrote
// before it was killed is there.
type diary struct{ file *os.File }

func openDiary(path string) (diary, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	return diary{f}, err
}

func (d diary) note(e entry) {
	e.At = time.Now().UnixNano()
	line, err := json.Marshal(e)
	if err != nil {
		panic(err) // text and numbers
	}
	if _, err := d.file.Write(append(line, '\n')); err != nil {
		panic(err) // a history with holes is none
	}
}

// readDiary gives what was written down. The last line of who was killed may be cut.
func readDiary(t *testing.T, path string) []entry {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	var out []entry
	for line := range strings.Lines(string(text)) {
		var e entry
		if json.Unmarshal([]byte(line), &e) == nil {
			out = append(out, e)
		}
	}
	return out
}
