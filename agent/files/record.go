package files

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/internal/durable"
)

// record is what is in a slot.
type record struct {
	App        algebra.App     `json:"app"`
	Version    algebra.Version `json:"version"`
	Deployment algebra.Digest  `json:"deployment"`
	Values     algebra.Digest  `json:"values"`
	Files      []recorded      `json:"files"`
	Note       []byte          `json:"note,omitempty"`
}

// recorded is one file of a slot.
type recorded struct {
	Path string `json:"path"`
	kept
	// Before is what was there when muster came, whose content is kept beside the record; nil is nothing.
	Before *kept `json:"before,omitempty"`
	// Left says that the path is of the set before only, and is to go.
	Left bool `json:"left,omitempty"`
}

func (r record) release() algebra.Release {
	return algebra.Release{Version: r.Version, Deployment: r.Deployment, Values: r.Values}
}

func (r record) file(path string) (recorded, bool) {
	for _, f := range r.Files {
		if f.Path == path {
			return f, true
		}
	}
	return recorded{}, false
}

// The stages of a record, each a file name.
const (
	pending = "pending.json" // being written
	current = "set.json"     // in place
	leaving = "leaving.json" // stopped, to go or to be taken over
)

// slot is the directory of an app's records.
type slot string

// read is a record, and whether there is one.
func (s slot) read(stage string) (record, bool, error) {
	raw, err := os.ReadFile(filepath.Join(string(s), stage))
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, false, nil
	}
	var r record
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	return r, err == nil, err
}

func (s slot) write(stage string, r record) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return durable.Replace(filepath.Join(string(s), stage), raw, 0o600)
}

// move takes a record to another stage, in the place of one that is there.
func (s slot) move(from, to string) error {
	if err := os.Rename(filepath.Join(string(s), from), filepath.Join(string(s), to)); err != nil {
		return err
	}
	return durable.SyncDir(string(s))
}

func (s slot) drop(stage string) error {
	if err := os.Remove(filepath.Join(string(s), stage)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return durable.SyncDir(string(s))
}

// before is where the content of a file is kept that was there when muster came.
func (s slot) before(path string) string {
	return filepath.Join(string(s), "before-"+algebra.DigestOf([]byte(path)).String()[len("sha256:"):])
}
