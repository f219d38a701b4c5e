package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// KeyFile is the key of a service account, or of an application, as Zitadel's console gives it out:
//
//	{"type":"serviceaccount","keyId":"…","key":"-----BEGIN RSA PRIVATE KEY-----…","userId":"…"}
//	{"type":"application","keyId":"…","key":"-----BEGIN RSA PRIVATE KEY-----…","appId":"…","clientId":"…"}
type KeyFile struct {
	Type   string `json:"type"`
	KeyID  string `json:"keyId"`
	Key    string `json:"key"`
	UserID string `json:"userId,omitempty"`
	// ClientID is the application's, whose key asks about tokens and gets none.
	ClientID string `json:"clientId,omitempty"`
	// Until is the end of the key; zero: it has none.
	Until time.Time `json:"expirationDate,omitzero"`
}

// ParseKeyFile reads the key of a service account. Fields that muster has no use for are passed over.
func ParseKeyFile(text []byte) (KeyFile, error) {
	k, err := parseKey(text, "serviceaccount", "the key of a service account")
	if err == nil && k.UserID == "" {
		err = errors.New("keyId, key and userId are required")
	}
	return k, err
}

// ParseApplicationKey reads the key of an application of type API.
func ParseApplicationKey(text []byte) (KeyFile, error) {
	k, err := parseKey(text, "application", "the key of an application of type API")
	if err == nil && k.ClientID == "" {
		err = errors.New("keyId, key and clientId are required")
	}
	return k, err
}

func parseKey(text []byte, kind, want string) (KeyFile, error) {
	var k KeyFile
	if err := json.Unmarshal(text, &k); err != nil {
		return KeyFile{}, fmt.Errorf("not a key file: %w", err)
	}
	switch {
	case k.Type != kind:
		return KeyFile{}, fmt.Errorf("type %q; want %s: %s", k.Type, want, kind)
	case k.KeyID == "" || k.Key == "":
		return KeyFile{}, errors.New("keyId and key are required")
	}
	return k, nil
}

// String names the key and hides it.
func (k KeyFile) String() string { return "key " + k.KeyID + " of " + k.UserID + k.ClientID }

// GoString hides the key from %#v too.
func (k KeyFile) GoString() string { return k.String() }
