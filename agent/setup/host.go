package setup

import (
	"bytes"
	"context"
	"io/fs"
)

// Host is the machine that is set up. Paths are absolute, with slashes.
type Host interface {
	// Run runs a program without a shell and gives what it printed to its standard output.
	// The error holds the last line of what it printed to its standard error.
	Run(ctx context.Context, argv ...string) (string, error)
	// Read gives what is at a path; the error of an empty place is fs.ErrNotExist. A symbolic
	// link is an error: who may place one could else have root write elsewhere.
	Read(path string) (Entry, error)
	// Write puts an entry in place whole or not at all. The directory it is in must be there.
	Write(path string, e Entry) error
	// Remove takes away a file or an empty directory.
	Remove(path string) error
}

// Entry is a file, or a directory if its mode says so.
type Entry struct {
	Data     []byte
	Mode     fs.FileMode
	UID, GID int
}

// Equal compares content, mode and owner.
func (e Entry) Equal(o Entry) bool {
	return e.Mode == o.Mode && e.UID == o.UID && e.GID == o.GID && bytes.Equal(e.Data, o.Data)
}
