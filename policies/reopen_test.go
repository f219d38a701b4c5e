package policies_test

import (
	"crypto/ed25519"
	"errors"
	"reflect"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/algebra/algebratest"
	"github.com/musterfleet/muster/policies"
	pt "github.com/musterfleet/muster/policies/policiestest"
)

type reopens func([]byte, policies.Verifier, func(algebra.Digest) (algebra.Deployment, error)) (policies.Approved, error)

// reopenLaw: a seal reopens to what was approved; with any one byte changed, or under another
// key, to nothing.
func reopenLaw(t *testing.T, reopen reopens) gopter.Prop {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	verify := func(id string, message, signature []byte) error {
		if id != "ops" || !ed25519.Verify(key.Public().(ed25519.PublicKey), message, signature) {
			return errors.New("not signed")
		}
		return nil
	}
	approved, report := policies.Review(pt.Upgrade(t), policies.Gates{pt.Gate(t, "ok", "action", "deny", pt.Always)}, policies.Options{AllowStop: 1})
	if approved.IsZero() {
		t.Fatal(report.Text(false))
	}
	specs := map[algebra.Digest]algebra.Deployment{}
	for _, c := range approved.Plan().Changes {
		for _, d := range []algebra.Deployment{c.Want, c.Have} {
			if !d.IsZero() {
				specs[d.Digest()] = d
			}
		}
	}
	find := func(d algebra.Digest) (algebra.Deployment, error) { return specs[d], nil }
	text, err := approved.Seal(func(m []byte) (string, []byte) { return "ops", ed25519.Sign(key, m) })
	if err != nil {
		t.Fatal(err)
	}
	return prop.ForAll(func(at int) string {
		again, err := reopen(text, verify, find)
		if err != nil {
			return err.Error()
		}
		was, is := approved.Plan(), again.Plan()
		if again.Digest() != approved.Digest() || len(is.Changes) != len(was.Changes) || !reflect.DeepEqual(is.Base, was.Base) || len(is.Courses) != len(was.Courses) {
			return "another plan came out"
		}
		for i, c := range was.Changes {
			if is.Changes[i].ID != c.ID || is.Changes[i].Want.IsZero() != c.Want.IsZero() || is.Changes[i].Have.IsZero() != c.Have.IsZero() || is.Changes[i].Action.Target() != c.Action.Target() || approved.Reverses(c.ID) != again.Reverses(c.ID) {
				return "change " + c.ID + " is another"
			}
		}
		bent := append([]byte(nil), text...)
		bent[at%len(bent)] ^= 1
		if other, err := reopen(bent, verify, find); err == nil && !reflect.DeepEqual(other.File(), approved.File()) || err == nil && !other.IsZero() && other.Digest() != approved.Digest() {
			return "a changed seal was opened"
		}
		if _, err := reopen(text, func(string, []byte, []byte) error { return errors.New("no such key") }, find); err == nil {
			return "a seal of a stranger was opened"
		}
		return ""
	}, gen.IntRange(0, 1<<20))
}

func TestWhatWasSealedReopens(t *testing.T) {
	algebratest.Law(t, 200)(reopenLaw(t, policies.Reopen))
}

func TestReopenLawSeesPlantedBugs(t *testing.T) {
	check := algebratest.Planted(t, 200)
	check("signatures are not checked", reopenLaw(t, func(b []byte, _ policies.Verifier, find func(algebra.Digest) (algebra.Deployment, error)) (policies.Approved, error) {
		return policies.Reopen(b, func(string, []byte, []byte) error { return nil }, find)
	}))
	check("nothing is found again", reopenLaw(t, func(b []byte, v policies.Verifier, _ func(algebra.Digest) (algebra.Deployment, error)) (policies.Approved, error) {
		return policies.Reopen(b, v, func(algebra.Digest) (algebra.Deployment, error) { return algebra.Deployment{}, nil })
	}))
}

func TestNothingHasNoSeal(t *testing.T) {
	if _, err := (policies.Approved{}).Seal(nil); err == nil {
		t.Error("the zero Approved was sealed")
	}
}
