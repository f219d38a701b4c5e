package identity

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
)

// Mapping says where the claims of an issuer have what muster asks of them. A claim is named
// by its key; where the key holds an object, "key/inner" is a member of it. Where it says
// nothing Zitadel's form counts.
type Mapping struct {
	// Roles is the claim with the names of roles: a list, an object whose keys they are
	// (Zitadel), or one text with spaces in between. Zitadel has one for each project: see For.
	Roles string `toml:"roles,omitempty"`
	// Device is the claim with the id of a device. Zitadel keeps it as metadata of the service
	// user, in base64.
	Device string `toml:"device,omitempty"`
	// Name is the claim with what people call the principal.
	Name string `toml:"name,omitempty"`
	// Grants turns names of roles at the issuer into grants here. Without it a name that is
	// one of muster's roles, with or without "muster:" before it, grants that role on all devices.
	Grants map[string][]Grant `toml:"grants,omitempty"`
}

// zitadel is where Zitadel puts them.
var zitadel = Mapping{
	Device: "urn:zitadel:iam:user:metadata/device",
	Name:   "preferred_username",
}

// For is m for the tokens of a project: where m says nothing of roles, they are those that
// Zitadel asserts for that project. Its claim without a project has the roles of whichever project
// the token was got through: who owns any application there could make himself an operator here.
func (m Mapping) For(project string) Mapping {
	m.Roles = cmp.Or(m.Roles, "urn:zitadel:iam:org:project:"+project+":roles")
	return m
}

// complete is m, and Zitadel's form where m says nothing. Without For there are no roles.
func (m Mapping) complete() Mapping {
	m.Device = cmp.Or(m.Device, zitadel.Device)
	m.Name = cmp.Or(m.Name, zitadel.Name)
	return m
}

// granted are the grants of the roles that the claims name, sorted, each once.
func (m Mapping) granted(claims map[string]any) []Grant {
	var out []Grant
	for _, name := range names(at(claims, m.Roles)) {
		if m.Grants != nil {
			out = append(out, m.Grants[name]...)
			continue
		}
		if r, err := ParseRole(strings.TrimPrefix(name, "muster:")); err == nil {
			out = append(out, Grant{Role: r})
		}
	}
	slices.SortFunc(out, func(a, b Grant) int { return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.On, b.On)) })
	return slices.Compact(out)
}

// text is a claim that is a text. Zitadel writes metadata in base64: such a value is decoded.
func text(claims map[string]any, claim string) (string, bool) {
	s, ok := at(claims, claim).(string)
	if ok && strings.HasPrefix(claim, "urn:zitadel:iam:user:metadata/") {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
		if err != nil {
			b, err = base64.StdEncoding.DecodeString(s)
		}
		return string(b), err == nil
	}
	return s, ok
}

// at is the value of a claim, or of a member of it. Claims have slashes and colons in their
// own names, so the longest name that is there counts.
func at(claims map[string]any, claim string) any {
	if v, ok := claims[claim]; ok {
		return v
	}
	if i := strings.LastIndexByte(claim, '/'); i > 0 {
		return member(at(claims, claim[:i]), claim[i+1:])
	}
	return nil
}

// member is a member of an object, or of the first in a list of objects that has it: Zitadel's
// documentation shows metadata and roles in such lists.
func member(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		return v[name]
	case []any:
		for _, e := range v {
			if found := member(e, name); found != nil {
				return found
			}
		}
	}
	return nil
}

// names are the texts that a claim lists, in whatever form.
func names(v any) []string {
	switch v := v.(type) {
	case map[string]any:
		return slices.Sorted(maps.Keys(v))
	case []any:
		var out []string
		for _, e := range v {
			switch e := e.(type) {
			case string:
				out = append(out, e)
			case map[string]any:
				out = append(out, slices.Sorted(maps.Keys(e))...)
			}
		}
		return out
	case string:
		return strings.Fields(v)
	}
	return nil
}
