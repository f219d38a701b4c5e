package planfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"

	"github.com/musterfleet/muster/algebra"
)

// uncovered are the top-level keys that the digest leaves out.
var uncovered = map[string]bool{"metadata": true, "now": true, "request": true, "risk": true, "policy_results": true, "approvals": true, "signature": true}

// Digest identifies the plan. It covers all but who asked, when, what policies and people say
// of it, and the name made of it.
func (f File) Digest() algebra.Digest {
	sum := sha256.New()
	_ = f.encode(sum, uncovered) // a sum takes everything
	return digestOfSum(sum)
}

func digestOfSum(sum hash.Hash) algebra.Digest {
	d, err := algebra.ParseDigest("sha256:" + hex.EncodeToString(sum.Sum(nil)))
	if err != nil {
		panic("planfile: " + err.Error()) // only of a sum that is no SHA-256
	}
	return d
}

// nameOf is the name of a plan with this digest.
func nameOf(d algebra.Digest) string { return "p-" + d.Short() }

// digestOfText is Digest of a file of which this build does not know every key: its covered
// members as they are written, but for blanks.
func digestOfText(text []byte) (algebra.Digest, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil { // the brace
		return algebra.Digest{}, err
	}
	out := bytes.NewBufferString("{")
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return algebra.Digest{}, err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return algebra.Digest{}, err
		}
		name, _ := key.(string)
		if uncovered[name] {
			continue
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return algebra.Digest{}, err
		}
		out.Write(append(quoted, ':'))
		if err := json.Compact(out, value); err != nil {
			return algebra.Digest{}, err
		}
	}
	out.WriteByte('}')
	return algebra.DigestOf(out.Bytes()), nil
}
