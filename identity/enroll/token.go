package enroll

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// Token is what a device is given to join with. It is a secret until it is used.
type Token struct {
	// ID names the offer.
	ID     string
	secret string
	// trust is the start of the hash of the operators' keys.
	trust string
}

const prefix = "mt1."

// NewToken makes a token for devices that are to trust these keys, as PEM.
func NewToken(trust []byte) Token {
	return Token{ID: strings.ToLower(rand.Text()[:10]), secret: rand.Text(), trust: fingerprint(trust)}
}

// ParseToken reads what String wrote.
func ParseToken(s string) (Token, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(s), prefix)
	parts := strings.Split(rest, ".")
	if !ok || len(parts) != 3 || !plain(parts[0], 10) || !plain(parts[1], 26) || !plain(parts[2], 32) {
		return Token{}, errors.New("not a token to join with; muster enroll prints one that starts with mt1")
	}
	return Token{parts[0], parts[1], parts[2]}, nil
}

// plain says that s has n letters and digits: it becomes part of subjects and keys.
func plain(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// IsToken says that a text is meant as a token to join with.
func IsToken(s string) bool { return strings.HasPrefix(s, prefix) }

// Text is the token as it is handed over.
func (t Token) Text() string { return prefix + t.ID + "." + t.secret + "." + t.trust }

// String names the token and hides its secret.
func (t Token) String() string { return prefix + t.ID + ".…" }

// GoString hides the secret from %#v too.
func (t Token) GoString() string { return t.String() }

// Hash is what is kept of the secret.
func (t Token) Hash() string {
	h := sha256.Sum256([]byte(t.ID + "." + t.secret))
	return hex.EncodeToString(h[:])
}

// Trusts compares the operators' keys that a fleet hands out with those the token was made for.
func (t Token) Trusts(keys []byte) bool { return fingerprint(keys) == t.trust }

func fingerprint(keys []byte) string {
	h := sha256.Sum256(keys)
	return hex.EncodeToString(h[:16])
}
