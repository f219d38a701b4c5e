package planfile

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// covered is a File as its digest sees it: without who asked, when, what was said
// of it, and the name made of it.
// It differs from File in its tags only, so the compiler keeps the two alike.
type covered struct {
	APIVersion      string         `json:"apiVersion"`
	Kind            string         `json:"kind"`
	FormatVersion   string         `json:"format_version"`
	Metadata        Metadata       `json:"-"`
	Now             time.Time      `json:"-"`
	Applyable       bool           `json:"applyable"`
	Complete        bool           `json:"complete"`
	Errored         bool           `json:"errored"`
	Request         Request        `json:"-"`
	Base            Base           `json:"base"`
	Summary         Summary        `json:"summary"`
	ResourceChanges []Change       `json:"resource_changes"`
	ResourceDrift   []Drift        `json:"resource_drift"`
	Blocked         []Blocked      `json:"blocked"`
	InFlight        []InFlight     `json:"in_flight"`
	Rollouts        []Rollout      `json:"rollouts"`
	Batches         []Batch        `json:"batches"`
	Emptied         []Emptied      `json:"emptied"`
	Aggregates      Aggregates     `json:"aggregates"`
	Images          []Image        `json:"images"`
	Risk            Risk           `json:"-"`
	PolicyResults   []PolicyResult `json:"-"`
	Approvals       []Approval     `json:"-"`
	Signature       string         `json:"-"`
}

// uncovered are the top-level keys that the digest leaves out.
var uncovered = map[string]bool{"metadata": true, "now": true, "request": true, "risk": true, "policy_results": true, "approvals": true, "signature": true}

// Digest identifies the plan. It covers all but who asked, when, what policies and people say
// of it, and the name made of it.
func (f File) Digest() algebra.Digest {
	b, err := json.Marshal(covered(f))
	if err != nil {
		panic("planfile: " + err.Error()) // plain data always encodes
	}
	return algebra.DigestOf(b)
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
