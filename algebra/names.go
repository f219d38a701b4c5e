package algebra

import (
	"fmt"
	"strings"
)

// DeviceID names a device: a DNS-1123 subdomain of at most 253 bytes. The zero value names none.
type DeviceID struct{ s string }

// App names a slot on a device, in which at most one deployment runs: a DNS-1123 label.
type App struct{ s string }

// Version is the version of a deployment as its author wrote it; 1.10 is not 1.1.
type Version struct{ s string }

// Digest is a SHA-256 of canonical bytes, written sha256:<64 hex digits>.
type Digest struct{ s string }

// ParseDeviceID reads a device id.
func ParseDeviceID(s string) (DeviceID, error) {
	if len(s) > 253 {
		return DeviceID{}, fmt.Errorf("device id %.20q…: %d bytes, at most 253 are allowed", s, len(s))
	}
	for label := range strings.SplitSeq(s, ".") {
		if why := notLabel(label); why != "" {
			return DeviceID{}, fmt.Errorf("device id %q: not a DNS-1123 subdomain: %s", s, why)
		}
	}
	return DeviceID{s}, nil
}

// ParseApp reads the name of an app.
func ParseApp(s string) (App, error) {
	if why := notLabel(s); why != "" {
		return App{}, fmt.Errorf("app %q: not a DNS-1123 label: %s", s, why)
	}
	return App{s}, nil
}

// ParseVersion reads a version: 1 to 128 letters, digits and the signs . _ + - of which the
// first is no sign, so that a version is never taken for a path or an option.
func ParseVersion(s string) (Version, error) {
	if s == "" || len(s) > 128 {
		return Version{}, fmt.Errorf("version %q: must have 1 to 128 characters", s)
	}
	for i, c := range s {
		switch {
		case c < 128 && (alphanumeric(byte(c)) || c >= 'A' && c <= 'Z'):
		case c > 127 || strings.IndexByte("._+-", byte(c)) < 0:
			return Version{}, fmt.Errorf("version %q: %q is not allowed; use letters, digits and . _ + -", s, c)
		case i == 0:
			return Version{}, fmt.Errorf("version %q: must start with a letter or digit", s)
		}
	}
	return Version{s}, nil
}

// ParseDigest reads sha256:<64 lower-case hex digits>.
func ParseDigest(s string) (Digest, error) {
	hex, ok := strings.CutPrefix(s, "sha256:")
	if !ok || len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "" {
		return Digest{}, fmt.Errorf("digest %q: want sha256: and 64 hex digits", s)
	}
	return Digest{s}, nil
}

// MustDeviceID is ParseDeviceID for literals.
func MustDeviceID(s string) DeviceID { return must(ParseDeviceID(s)) }

// MustApp is ParseApp for literals.
func MustApp(s string) App { return must(ParseApp(s)) }

// MustVersion is ParseVersion for literals.
func MustVersion(s string) Version { return must(ParseVersion(s)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic("algebra: " + err.Error())
	}
	return v
}

// notLabel says why s is no DNS-1123 label, or nothing if it is one.
func notLabel(s string) string {
	switch {
	case s == "":
		return "an empty part"
	case len(s) > 63:
		return fmt.Sprintf("a part of %d characters, at most 63 are allowed", len(s))
	case s[0] == '-' || s[len(s)-1] == '-':
		return fmt.Sprintf("%q starts or ends with a hyphen", s)
	}
	for _, c := range s {
		if c > 127 || !alphanumeric(byte(c)) && c != '-' {
			return fmt.Sprintf("%q is not allowed; use lower-case letters, digits and hyphens", c)
		}
	}
	return ""
}

func alphanumeric(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

func (d DeviceID) String() string { return d.s }
func (a App) String() string      { return a.s }
func (v Version) String() string  { return v.s }
func (d Digest) String() string   { return d.s }

// Short is the first 12 hex digits, for people.
func (d Digest) Short() string {
	if len(d.s) < 19 {
		return d.s
	}
	return d.s[7:19]
}

// IsZero reports whether the id names no device.
func (d DeviceID) IsZero() bool { return d.s == "" }

// IsZero reports whether it names no app.
func (a App) IsZero() bool { return a.s == "" }

// IsZero reports whether there is no digest.
func (d Digest) IsZero() bool { return d.s == "" }

// Compare orders ids by their bytes.
func (d DeviceID) Compare(o DeviceID) int { return strings.Compare(d.s, o.s) }

// Compare orders apps by their bytes.
func (a App) Compare(o App) int { return strings.Compare(a.s, o.s) }

// MarshalText and UnmarshalText let the names stand in JSON, as keys too. Decoding parses:
// bad text is an error, never a name.

func (d DeviceID) MarshalText() ([]byte, error) { return []byte(d.s), nil }
func (a App) MarshalText() ([]byte, error)      { return []byte(a.s), nil }
func (v Version) MarshalText() ([]byte, error)  { return []byte(v.s), nil }
func (d Digest) MarshalText() ([]byte, error)   { return []byte(d.s), nil }

func (d *DeviceID) UnmarshalText(b []byte) (err error) { *d, err = ParseDeviceID(string(b)); return }
func (a *App) UnmarshalText(b []byte) (err error)      { *a, err = ParseApp(string(b)); return }
func (v *Version) UnmarshalText(b []byte) (err error)  { *v, err = ParseVersion(string(b)); return }
func (d *Digest) UnmarshalText(b []byte) (err error)   { *d, err = ParseDigest(string(b)); return }
