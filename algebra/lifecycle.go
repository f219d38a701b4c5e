package algebra

import "fmt"

// Lifecycle is how a device stands to the registry.
type Lifecycle uint8

// The lifecycles. A device in a Reality that no registry backs has none: the zero value.
const (
	Requested Lifecycle = iota + 1
	Enrolled
	Revoked
	Decommissioned
)

var lifecycleNames = [...]string{"", "requested", "enrolled", "revoked", "decommissioned"}

// String is the lifecycle's name.
func (l Lifecycle) String() string {
	if int(l) < len(lifecycleNames) {
		return lifecycleNames[l]
	}
	return fmt.Sprintf("Lifecycle(%d)", uint8(l))
}

// Served reports whether a hub answers the device. One that is decommissioned still is: it
// must hear that it is to run nothing. One that is revoked is not.
func (l Lifecycle) Served() bool { return l == Enrolled || l == Decommissioned }

// ParseLifecycle reads the name of a lifecycle.
func ParseLifecycle(s string) (Lifecycle, error) {
	for l := Requested; l <= Decommissioned; l++ {
		if lifecycleNames[l] == s {
			return l, nil
		}
	}
	return 0, fmt.Errorf("lifecycle %q: want one of requested, enrolled, revoked, decommissioned", s)
}

// MarshalText writes the name.
func (l Lifecycle) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the name.
func (l *Lifecycle) UnmarshalText(b []byte) (err error) { *l, err = ParseLifecycle(string(b)); return }
