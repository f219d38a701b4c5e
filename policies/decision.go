package policies

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/planner/planfile"
)

// Decision is one line of a decision log: what was decided of which plan, by which policies. The
// digests are enough to decide anew and compare.
type Decision struct {
	At time.Time `json:"at"`
	// Verdict is allow or deny.
	Verdict   string `json:"verdict"`
	Operation string `json:"operation"`
	User      string `json:"user"`
	// Approvals are those that policies were shown, Trusted whether all are signed.
	Approvals []string `json:"approvals"`
	Trusted   bool     `json:"approvals_trusted"`
	// Plan and World are the digests of what was judged, Policies that of what it was judged by.
	Plan     string `json:"plan"`
	World    string `json:"world"`
	Policies string `json:"policies"`
	// Results is the digest of all results, in order and without places. The counts are of those that are not waived.
	Results     string `json:"results"`
	Deny        int    `json:"deny"`
	Warn        int    `json:"warn"`
	Info        int    `json:"info"`
	Waived      int    `json:"waived"`
	Gates       int    `json:"gates"`
	Evaluations int    `json:"evaluations"`
	// Rules are the rules that deny, each once.
	Rules []string `json:"denied_by"`
}

// Decide is what a report decided, as of the time it judged by, with the digest of the policies.
func (r Report) Decide(by algebra.Digest) Decision {
	results := slices.Clone(r.Results)
	for i := range results {
		results[i].Loc, results[i].Policy = planfile.Source{}, algebra.Source{} // the same words from another folder are the same
	}
	text, err := json.Marshal(results)
	if err != nil {
		panic("policies: " + err.Error()) // plain data always encodes
	}
	f := r.File
	d := Decision{At: f.Now, Verdict: "allow", Operation: f.Request.Operation, User: f.Request.User,
		Approvals: append([]string{}, f.Request.VCS.Approvals...), Trusted: f.Request.VCS.Trusted,
		Plan: f.Digest().String(), World: f.Base.WorldDigest, Policies: by.String(), Results: algebra.DigestOf(text).String(),
		Deny: r.Count(Deny), Warn: r.Count(Warn), Info: r.Count(Info), Waived: r.WaivedCount(),
		Gates: r.Policies, Evaluations: r.Evaluations, Rules: []string{}}
	if r.Denied() {
		d.Verdict = "deny"
	}
	seen := map[string]bool{}
	for _, one := range r.Denials() {
		if !seen[one.Rule] {
			seen[one.Rule] = true
			d.Rules = append(d.Rules, one.Rule)
		}
	}
	return d
}

// Line is the decision as one line of JSON.
func (d Decision) Line() []byte {
	b, err := json.Marshal(d)
	if err != nil {
		panic("policies: " + err.Error()) // plain data always encodes
	}
	return append(b, '\n')
}
