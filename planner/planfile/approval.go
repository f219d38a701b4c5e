package planfile

import (
	"encoding/json"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Approval is somebody's word that a plan may be applied, signed with their key.
type Approval struct {
	// User is who the issuer says they are, Name what people call them. Where there is no issuer,
	// Issuer is empty and they are whoever holds the key.
	User   string    `json:"user"`
	Name   string    `json:"name"`
	Issuer string    `json:"issuer"`
	At     time.Time `json:"at"`
	// Key is the public half of the ed25519 key, and Signature its signature of Text, both in base64.
	Key       string `json:"key"`
	Signature string `json:"signature"`
}

// Text is what is signed: all but the signature, and the plan by its digest.
func (a Approval) Text(plan algebra.Digest) []byte {
	a.Signature = ""
	b, err := json.Marshal(struct {
		Kind     string         `json:"kind"`
		Plan     algebra.Digest `json:"plan"`
		Approval Approval       `json:"approval"`
	}{"muster.fleet/approval", plan, a})
	if err != nil {
		panic("planfile: " + err.Error()) // plain data always encodes
	}
	return b
}
