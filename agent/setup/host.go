package setup

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net"
	"strings"
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

// Dialer is a Host that connections can be made from, to find out what it reaches.
type Dialer interface {
	// Dial fails with ErrUnknown if the host lets nobody find out.
	Dial(ctx context.Context, address string) (net.Conn, error)
}

// ErrUnknown is that something about a host cannot be known.
var ErrUnknown = errors.New("cannot be known")

// Staged is what a Host adds to a file's name until the file is whole.
const Staged = ".muster-new"

// LastLine is the last line of what a program printed, to be put after its error; empty if it printed none.
func LastLine(noise string) string {
	noise = strings.TrimSpace(noise)
	if noise == "" {
		return ""
	}
	return ": " + strings.TrimSpace(noise[strings.LastIndexByte(noise, '\n')+1:])
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
