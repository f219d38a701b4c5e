package policies

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner/planfile"
)

// sealed is an Approved as it is stored.
type sealed struct {
	Payload   []byte `json:"payload"` // a compressed opened
	Key       string `json:"key"`
	Signature []byte `json:"signature"`
}

// opened is what a seal covers: the plan as it was judged, what may not be undone, and
// whether its waves are judged again.
type opened struct {
	Plan planfile.File `json:"plan"`
	beside
}

type beside struct {
	Kept []string `json:"kept"`
	// Waves says that gates of scope batch are to judge each wave.
	Waves bool `json:"waves,omitempty"`
}

// sealDomain keeps a signature from meaning anything but an approval.
const sealDomain = "muster approved plan 1\n"

// Signer signs bytes and names its key; Verifier refuses bytes that the key did not sign.
type (
	Signer   func(message []byte) (key string, signature []byte)
	Verifier func(key string, message, signature []byte) error
)

// Seal is the approval as bytes, from which Reopen makes it again. An approval of nothing has none.
func (a Approved) Seal(sign Signer) ([]byte, error) {
	if a.IsZero() {
		return nil, errors.New("seal: the plan is not approved")
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := a.open(z); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	s := sealed{Payload: b.Bytes()}
	s.Key, s.Signature = sign(append([]byte(sealDomain), s.Payload...))
	return json.Marshal(s)
}

// open writes what is sealed and closes it. The plan goes out in pieces: it may be very long.
func (a Approved) open(to io.WriteCloser) error {
	rest, err := json.Marshal(beside{slices.Sorted(maps.Keys(a.kept)), a.waves})
	if err != nil {
		return err
	}
	if _, err := io.WriteString(to, planFirst); err != nil {
		return err
	}
	if err := a.file.Encode(to); err != nil {
		return err
	}
	rest[0] = ',' // in the place of its brace
	if _, err := to.Write(rest); err != nil {
		return err
	}
	return to.Close()
}

// Reopen makes an Approved of what Seal wrote, if the signature holds: beside Review the only
// way to one. Contents of deployments come from specs; one that is not found can still be
// placed, by its digest, but not put back.
func Reopen(text []byte, verify Verifier, specs func(algebra.Digest) (algebra.Deployment, error)) (Approved, error) {
	var s sealed
	if err := json.Unmarshal(text, &s); err != nil {
		return Approved{}, fmt.Errorf("reopen: %w", err)
	}
	if err := verify(s.Key, append([]byte(sealDomain), s.Payload...), s.Signature); err != nil {
		return Approved{}, fmt.Errorf("reopen: %w", err)
	}
	o, err := unzip(s.Payload)
	if err != nil {
		return Approved{}, fmt.Errorf("reopen: %w", err)
	}
	known, err := contents(o.Plan, specs)
	if err != nil {
		return Approved{}, fmt.Errorf("reopen: %w", err)
	}
	plan, err := o.Plan.Plan(nil, known)
	if err != nil {
		return Approved{}, fmt.Errorf("reopen: %w", err)
	}
	// What was sealed by another version may lack keys, or have some that are not known here: its digest
	// is the one it names itself by, and the signature covers that.
	digest, err := o.Plan.Recorded()
	if err != nil {
		return Approved{}, fmt.Errorf("reopen: %w", err)
	}
	a := Approved{plan: plan, file: o.Plan, digest: digest, kept: map[string]bool{}, waves: o.Waves}
	for _, id := range o.Kept {
		a.kept[id] = true
	}
	return a, nil
}

// planFirst is how what open writes begins.
const planFirst = `{"plan":`

// unzip reads what open wrote. The text of a plan passes by, as long as this version wrote it; what
// another one wrote is read as a whole.
func unzip(payload []byte) (o opened, err error) {
	z, err := gzip.NewReader(bytes.NewReader(payload))
	if err != nil {
		return o, err
	}
	lead := make([]byte, len(planFirst))
	if _, err := io.ReadFull(z, lead); err != nil {
		return o, err
	}
	plan, rest, own, err := planfile.ReadFirst(z)
	if err != nil {
		return o, err
	}
	if own && string(lead) == planFirst && len(rest) > 0 && rest[0] == ',' {
		rest[0] = '{' // in the place of what it followed
		o.Plan = plan
		return o, json.Unmarshal(rest, &o.beside)
	}
	if z, err = gzip.NewReader(bytes.NewReader(payload)); err != nil {
		return o, err
	}
	body, err := io.ReadAll(io.LimitReader(z, planfile.MaxSize))
	if err != nil {
		return o, err
	}
	return o, json.Unmarshal(body, &o)
}

// contents are the deployments that a plan places or finds, as far as they are stored.
func contents(f planfile.File, specs func(algebra.Digest) (algebra.Deployment, error)) (map[algebra.Digest]algebra.Deployment, error) {
	out := map[algebra.Digest]algebra.Deployment{}
	for _, c := range f.ResourceChanges {
		for _, d := range []*planfile.Deployment{c.Change.Before, c.Change.After} {
			if d == nil {
				continue
			}
			digest, err := algebra.ParseDigest(d.Digest)
			if err != nil {
				return nil, err
			}
			if _, asked := out[digest]; asked {
				continue
			}
			if out[digest], err = specs(digest); err != nil {
				return nil, err
			}
		}
	}
	maps.DeleteFunc(out, func(_ algebra.Digest, d algebra.Deployment) bool { return d.IsZero() })
	return out, nil
}
