package planfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/musterfleet/muster/algebra"
)

// MaxSize is how long a plan file may be. A change takes some two kilobytes, so that a plan of
// half a million actions is read.
const MaxSize = 1 << 30

// ErrTampered says that a plan file is not the one that was written.
var ErrTampered = errors.New("the plan was changed after it was written, as its digest tells; plan again")

// Decode reads a plan file. What it returns is what was written: a file whose content does
// not have the digest it names is ErrTampered. Keys this build does not know are left out,
// and covered all the same where another minor version wrote them; another major version is
// refused. What the digest does not cover (who asked, when, labels) is as trustworthy as
// the file's origin. Lists and maps of the file may be shared within it.
func Decode(text []byte) (File, error) {
	f, digest, err := (&canonical{in: text, end: true}).file()
	if err != nil {
		return decodeOther(text)
	}
	return checked(f, digest)
}

// Read is Decode of a file that is not held in memory, as long as it is in the form that JSON
// writes. It reads from the beginning.
func Read(from io.ReadSeeker) (File, error) {
	f, digest, err := (&canonical{from: from, room: window}).file()
	if err == nil {
		return checked(f, digest)
	}
	if !errors.Is(err, errOther) {
		return File{}, fmt.Errorf("plan: %w", err)
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return File{}, fmt.Errorf("plan: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(from, MaxSize+1))
	if err != nil {
		return File{}, fmt.Errorf("plan: %w", err)
	}
	return decodeOther(text)
}

// ReadFirst reads a file that this version wrote and that text begins with, and returns the text that
// follows it. Nothing is held against its digest; the rest is for the caller to verify. false: it is in
// another form than JSON writes, or was written by another version.
func ReadFirst(from io.Reader) (f File, rest []byte, ok bool, err error) {
	c := &canonical{from: from, room: window}
	f, _, err = c.object()
	if errors.Is(err, errOther) {
		return File{}, nil, false, nil
	}
	if err == nil {
		rest, err = io.ReadAll(from)
	}
	if err != nil {
		return File{}, nil, false, fmt.Errorf("plan: %w", err)
	}
	return f, append(c.in[c.at:], rest...), true, nil
}

// decodeOther is Decode of any text: it says what is wrong with those that are no plan file.
func decodeOther(text []byte) (File, error) {
	if len(text) > MaxSize {
		return File{}, fmt.Errorf("plan: %d bytes, at most %d are read", len(text), MaxSize)
	}
	var head struct {
		Kind          string `json:"kind"`
		FormatVersion string `json:"format_version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return File{}, fmt.Errorf("plan: not a plan file: %w", err)
	}
	if head.Kind != Kind {
		return File{}, fmt.Errorf("plan: its kind is %q, want %s; `muster plan --out FILE` writes one", head.Kind, Kind)
	}
	if err := readable(head.FormatVersion); err != nil {
		return File{}, err
	}
	var f File
	if err := json.Unmarshal(text, &f); err != nil {
		return File{}, fmt.Errorf("plan: %w", err)
	}
	digest := f.Digest()
	if head.FormatVersion != FormatVersion {
		var err error
		if digest, err = digestOfText(text); err != nil {
			return File{}, fmt.Errorf("plan: %w", err)
		}
	}
	return checked(f, digest)
}

// checked is a file whose content has a digest, if that is the one it names.
func checked(f File, digest algebra.Digest) (File, error) {
	if f.Metadata.Digest != digest.String() || f.Metadata.Name != nameOf(digest) {
		return File{}, ErrTampered
	}
	if _, err := f.read(nil); err != nil { // what From writes is always a plan
		return File{}, err
	}
	f.Risk = f.Weighed()
	return f, nil
}

// Recorded is the digest the file names itself by: that of Digest, but for a file of another
// minor version, which Digest does not know whole.
func (f File) Recorded() (algebra.Digest, error) { return algebra.ParseDigest(f.Metadata.Digest) }

// World is the digest of the World the plan was made for.
func (f File) World() (algebra.Digest, error) { return algebra.ParseDigest(f.Base.WorldDigest) }

// readable refuses another major version.
func readable(version string) error {
	major, minor, ok := strings.Cut(version, ".")
	own, _, _ := strings.Cut(FormatVersion, ".")
	if _, err := strconv.ParseUint(minor, 10, 32); !ok || err != nil {
		return fmt.Errorf("plan: format_version %q is no version such as %s", version, FormatVersion)
	}
	if major != own {
		return fmt.Errorf("plan: format_version is %s, and this muster reads %s.x; use the muster that wrote it, or plan again", version, own)
	}
	return nil
}
