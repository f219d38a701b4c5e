package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Claimed is a token that somebody showed. It authorises nothing until a Verifier took it.
type Claimed struct{ Token string }

// String hides the token: who logs a Claimed logs nothing that can be used.
func (Claimed) String() string { return "(a token)" }

// GoString hides the token from %#v too.
func (c Claimed) GoString() string { return c.String() }

// Verifier finds out who showed a token. The error of a token that is not good says why in
// words for the log of this side; who showed it is told no more than that it was refused.
type Verifier interface {
	Verify(ctx context.Context, c Claimed) (Principal, error)
}

// UserID is the name an issuer knows somebody by, person or machine. It is unique with the
// issuer only, and no DeviceID: which device a machine is, a claim says.
type UserID struct{ s string }

// ParseUserID takes the subject of a token: 1 to 255 printable characters without spaces.
func ParseUserID(s string) (UserID, error) {
	if s == "" || len(s) > 255 {
		return UserID{}, fmt.Errorf("user id of %d bytes: want 1 to 255", len(s))
	}
	for _, r := range s {
		if r <= ' ' || r == 0x7f {
			return UserID{}, fmt.Errorf("user id %q: holds a space or control character", s)
		}
	}
	return UserID{s}, nil
}

func (u UserID) String() string { return u.s }

// IsZero says that there is none.
func (u UserID) IsZero() bool { return u.s == "" }

// Principal is who someone was found to be, and what that allows until when. Only Admit makes
// one that is anybody; the zero value may do nothing.
type Principal struct {
	user   UserID
	issuer string
	name   string
	device string
	grants []Grant
	until  time.Time
}

// User is the issuer's name for them.
func (p Principal) User() UserID { return p.user }

// Issuer is who vouches for them.
func (p Principal) Issuer() string { return p.issuer }

// Name is what people call them, or the user id where the issuer gives no name.
func (p Principal) Name() string { return p.name }

// Device is the id of the device that a principal of role Device is, as text.
func (p Principal) Device() string { return p.device }

// Until is when the token ends, and with it every connection made by it.
func (p Principal) Until() time.Time { return p.until }

// Grants are the roles, each with the fleet it is limited to.
func (p Principal) Grants() []Grant { return slices.Clone(p.grants) }

// IsZero says that this is nobody.
func (p Principal) IsZero() bool { return p.user.IsZero() }

// May reports whether a role is granted, on whatever fleet.
func (p Principal) May(r Role) bool {
	return slices.ContainsFunc(p.grants, func(g Grant) bool { return g.Role == r })
}

// Scopes are the fleet expressions that a role is limited to; all is true where one grant of
// the role has no limit.
func (p Principal) Scopes(r Role) (on []string, all bool) {
	for _, g := range p.grants {
		switch {
		case g.Role != r:
		case g.On == "":
			return nil, true
		default:
			on = append(on, g.On)
		}
	}
	return on, false
}

// Claims are what a verified token says.
type Claims struct {
	Issuer, Subject string
	Expires         time.Time
	// All of the token's claims, as JSON has them.
	All map[string]any
}

// errNobody says that a token is good and its holder has no role here.
var errNobody = errors.New("no role of this fleet is granted to it")

// Admit makes the Principal that verified claims are, by the mapping of the issuer. The claims
// must have been verified: signature, issuer, audience and times. It is the only maker.
func Admit(c Claims, m Mapping) (Principal, error) {
	m = m.complete()
	user, err := ParseUserID(c.Subject)
	if err != nil {
		return Principal{}, err
	}
	p := Principal{user: user, issuer: c.Issuer, name: user.String(), until: c.Expires}
	if c.Expires.IsZero() {
		return Principal{}, fmt.Errorf("%s: a token without end", user)
	}
	if name, ok := text(c.All, m.Name); ok && name != "" {
		p.name = name
	}
	p.grants = m.granted(c.All)
	if p.May(Device) {
		// A device that is also somebody else could act for them; it is only a device.
		if len(p.grants) > 1 {
			return Principal{}, fmt.Errorf("%s: a device has no other role", user)
		}
		device, ok := text(c.All, m.Device)
		if !ok || device == "" {
			return Principal{}, fmt.Errorf("%s: a device, but claim %s does not say which", user, m.Device)
		}
		p.device = device
	}
	if len(p.grants) == 0 {
		return Principal{}, fmt.Errorf("%s: %w", user, errNobody)
	}
	return p, nil
}
