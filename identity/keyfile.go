package identity

import (
	"encoding/json"
	"errors"
	"fmt"
)

// KeyFile is the key of a service account, as Zitadel's console gives it out:
//
//	{"type":"serviceaccount","keyId":"…","key":"-----BEGIN RSA PRIVATE KEY-----…","userId":"…"}
type KeyFile struct {
	Type   string `json:"type"`
	KeyID  string `json:"keyId"`
	Key    string `json:"key"`
	UserID string `json:"userId"`
}

// ParseKeyFile reads a key file. Other fields, as an expiry, are passed over.
func ParseKeyFile(text []byte) (KeyFile, error) {
	var k KeyFile
	if err := json.Unmarshal(text, &k); err != nil {
		return KeyFile{}, fmt.Errorf("not JSON: %w", err)
	}
	switch {
	case k.Type != "serviceaccount":
		return KeyFile{}, fmt.Errorf("type %q; want the key of a service account: serviceaccount", k.Type)
	case k.KeyID == "" || k.Key == "" || k.UserID == "":
		return KeyFile{}, errors.New("keyId, key and userId are required")
	}
	return k, nil
}

// String names the key and hides it.
func (k KeyFile) String() string { return "key " + k.KeyID + " of " + k.UserID }

// GoString hides the key from %#v too.
func (k KeyFile) GoString() string { return k.String() }
