package identity

import "fmt"

// Role is what a principal may do.
type Role uint8

// The roles. What each includes, Includes says.
const (
	// Device reports of itself and hears what it is to run.
	Device Role = iota + 1
	// Viewer reads the fleet and changes nothing.
	Viewer
	// Enroller lets devices in, labels and revokes them.
	Enroller
	// Deployer applies plans to the devices of its grant.
	Deployer
	// Operator may do everything.
	Operator
)

var roleNames = []string{Device: "device", Viewer: "viewer", Enroller: "enroller", Deployer: "deployer", Operator: "operator"}

// Roles are all roles by name, from the least.
func Roles() []string { return roleNames[1:] }

func (r Role) String() string {
	if int(r) < len(roleNames) && r > 0 {
		return roleNames[r]
	}
	return fmt.Sprintf("Role(%d)", uint8(r))
}

// Includes reports whether who has role r may do what asks for role least. Everybody but a
// device may read; an operator may do everything.
func (r Role) Includes(least Role) bool {
	switch {
	case r == least || r == Operator:
		return r != 0
	case least == Viewer:
		return r == Enroller || r == Deployer
	}
	return false
}

// ParseRole reads the name of a role.
func ParseRole(s string) (Role, error) {
	for r, name := range roleNames {
		if name == s && r > 0 {
			return Role(r), nil
		}
	}
	return 0, fmt.Errorf("role %q: known are %v", s, Roles())
}

// MarshalText writes the name.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the name.
func (r *Role) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRole(string(text))
	return err
}

// Grant is a role, on the devices of a fleet expression, or on all where On is empty.
type Grant struct {
	Role Role   `toml:"role"`
	On   string `toml:"on,omitempty"`
}

func (g Grant) String() string {
	if g.On == "" {
		return g.Role.String()
	}
	return g.Role.String() + " on " + g.On
}
