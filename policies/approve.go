package policies

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/planner/planfile"
)

// Approve adds somebody's word to a plan, signed with their key. Who has given it already gives
// it anew. The zero Principal approves as the key's holder, by name.
func Approve(f *planfile.File, by identity.Principal, name string, key ed25519.PrivateKey, at time.Time) {
	a := planfile.Approval{User: name, Name: name, At: at.UTC().Truncate(time.Second),
		Key: base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))}
	if !by.IsZero() {
		a.User, a.Name, a.Issuer = by.User().String(), by.Name(), by.Issuer()
	}
	a.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(key, a.Text(f.Digest())))
	kept := slices.DeleteFunc(slices.Clone(f.Approvals), func(o planfile.Approval) bool { return o.Key == a.Key })
	f.Approvals = append(kept, a)
}

// Approvers are the names of those whose word for exactly this plan is signed by a trusted key,
// sorted; problems tell of each other approval why it does not count.
//
// Law: a key counts once, whatever names it signs for, so two approvals are two people's where each
// has a key of their own.
func Approvers(f planfile.File, trusted []ed25519.PublicKey) (names []string, problems []error) {
	digest := f.Digest()
	seen := map[string]bool{}
	for _, a := range f.Approvals {
		switch err := verify(a, a.Text(digest), trusted); {
		case err != nil:
			problems = append(problems, fmt.Errorf("the approval of %s does not count: %w", a.Name, err))
		case seen[a.Key]:
			problems = append(problems, fmt.Errorf("the approval of %s does not count: its key has approved already", a.Name))
		default:
			seen[a.Key] = true
			names = append(names, a.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), problems
}

func verify(a planfile.Approval, text []byte, trusted []ed25519.PublicKey) error {
	key, err := base64.StdEncoding.DecodeString(a.Key)
	if err != nil || !slices.ContainsFunc(trusted, func(k ed25519.PublicKey) bool { return string(k) == string(key) }) {
		return fmt.Errorf("its key is not among keys.trust")
	}
	signature, err := base64.StdEncoding.DecodeString(a.Signature)
	if err != nil || !ed25519.Verify(key, text, signature) {
		return fmt.Errorf("it is not signed for this plan")
	}
	if strings.TrimSpace(a.Name) == "" {
		return fmt.Errorf("it names nobody")
	}
	return nil
}
