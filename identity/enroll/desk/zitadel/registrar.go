package zitadel

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/identity/enroll/desk"
)

// Scopes are what the tokens of the account need that a Registrar acts as.
var Scopes = []string{"openid", "urn:zitadel:iam:org:project:id:zitadel:aud"}

// DefaultLife is how long a device's key counts. Devices renew it when two thirds are over.
const DefaultLife = 90 * 24 * time.Hour

// Registrar makes service accounts for devices.
type Registrar struct {
	// URL is the instance: the issuer.
	URL string
	// Project has the role Role ("device" if it is empty), and is the audience of the fleet.
	Project, Role string
	// Token is of an account that may manage users.
	Token func() (string, error)
	// Life is how long keys count; 0 is DefaultLife.
	Life time.Duration
}

var _ desk.Registrar = (*Registrar)(nil)

// userName is the account's. The prefix keeps a device from being named like somebody who is there.
func userName(d algebra.DeviceID) string { return "muster-device-" + d.String() }

// mostName is what Zitadel takes for a user name.
const mostName = 200

// Register makes the account of a device, if there is none, and gives it the key, if it has it not.
func (r *Registrar) Register(ctx context.Context, d algebra.DeviceID, key *rsa.PublicKey) (desk.Registered, error) {
	user, err := r.account(ctx, d)
	if err != nil {
		return desk.Registered{}, err
	}
	if err := r.describe(ctx, user, "device", d.String()); err != nil {
		return desk.Registered{}, err
	}
	role := r.Role
	if role == "" {
		role = "device"
	}
	grant := map[string]any{"projectId": r.Project, "roleKeys": []string{role}}
	if err := r.call(ctx, http.MethodPost, "/users/"+user+"/grants", grant, nil); err != nil && !is(err, http.StatusConflict) {
		return desk.Registered{}, err
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return desk.Registered{}, err
	}
	sum := sha256.Sum256(der)
	note := keyNote + hex.EncodeToString(sum[:8])
	if known, err := r.noted(ctx, user, note); err != nil || known.KeyID != "" {
		return known, err
	}
	life := r.Life
	if life == 0 {
		life = DefaultLife
	}
	until := time.Now().Add(life).UTC().Truncate(time.Second)
	var made struct {
		KeyID string `json:"keyId"`
	}
	err = r.call(ctx, http.MethodPost, "/users/"+user+"/keys", map[string]any{"type": "KEY_TYPE_JSON", "expirationDate": until.Format(time.RFC3339),
		"publicKey": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})}, &made)
	if err != nil {
		return desk.Registered{}, err
	}
	if made.KeyID == "" {
		return desk.Registered{}, errors.New("zitadel: it gave the key no id")
	}
	known := desk.Registered{UserID: user, KeyID: made.KeyID, Until: until}
	return known, r.describe(ctx, user, note, known.KeyID+" "+until.Format(time.RFC3339))
}

// account is the id of the device's account, made if there is none.
func (r *Registrar) account(ctx context.Context, d algebra.DeviceID) (string, error) {
	name := userName(d)
	if len(name) > mostName {
		return "", fmt.Errorf("zitadel: device id of %d characters; at Zitadel at most %d are possible", len(d.String()), mostName-len(userName(algebra.DeviceID{})))
	}
	var made struct {
		UserID string `json:"userId"`
	}
	err := r.call(ctx, http.MethodPost, "/users/machine", map[string]any{"userName": name, "name": d.String(),
		"description": "device of a muster fleet", "accessTokenType": "ACCESS_TOKEN_TYPE_JWT"}, &made)
	if is(err, http.StatusConflict) {
		return r.find(ctx, d)
	}
	if err == nil && made.UserID == "" {
		err = errors.New("zitadel: it gave the account no id")
	}
	return made.UserID, err
}

// find is the id of the account that a device has.
func (r *Registrar) find(ctx context.Context, d algebra.DeviceID) (string, error) {
	var found struct {
		Result []struct {
			ID       string    `json:"id"`
			UserName string    `json:"userName"`
			Machine  *struct{} `json:"machine"`
		} `json:"result"`
	}
	query := map[string]any{"queries": []any{map[string]any{"userNameQuery": map[string]string{"userName": userName(d), "method": "TEXT_QUERY_METHOD_EQUALS"}}}}
	if err := r.call(ctx, http.MethodPost, "/users/_search", query, &found); err != nil {
		return "", err
	}
	for _, u := range found.Result {
		if u.UserName == userName(d) && u.Machine != nil {
			return u.ID, nil
		}
	}
	return "", fmt.Errorf("zitadel: %s is taken by what is no service account of this organisation", userName(d))
}

// keyNote begins the metadata that notes which key a public key became: the API does not tell.
const keyNote = "key-"

// describe sets metadata of an account.
func (r *Registrar) describe(ctx context.Context, user, name, value string) error {
	return r.call(ctx, http.MethodPost, "/users/"+user+"/metadata/"+name, map[string]string{"value": base64.StdEncoding.EncodeToString([]byte(value))}, nil)
}

// noted is the key that a note is of; zero if there is none.
func (r *Registrar) noted(ctx context.Context, user, note string) (desk.Registered, error) {
	var found struct {
		Metadata struct {
			Value []byte `json:"value"`
		} `json:"metadata"`
	}
	err := r.call(ctx, http.MethodGet, "/users/"+user+"/metadata/"+note, nil, &found)
	if is(err, http.StatusNotFound) {
		return desk.Registered{}, nil
	}
	if err != nil {
		return desk.Registered{}, err
	}
	id, end, _ := strings.Cut(string(found.Metadata.Value), " ")
	until, err := time.Parse(time.RFC3339, end)
	if err != nil || id == "" {
		return desk.Registered{}, fmt.Errorf("zitadel: metadata %s of account %s is not what was written there; remove it", note, user)
	}
	return desk.Registered{UserID: user, KeyID: id, Until: until}, nil
}

// Retire takes all keys from a device's account but one, and the notes of them.
func (r *Registrar) Retire(ctx context.Context, d algebra.DeviceID, keep string) error {
	user, err := r.find(ctx, d)
	if err != nil {
		return err
	}
	var keys struct {
		Result []struct {
			ID string `json:"id"`
		} `json:"result"`
	}
	if err := r.call(ctx, http.MethodPost, "/users/"+user+"/keys/_search", struct{}{}, &keys); err != nil {
		return err
	}
	var others []string
	kept := false
	for _, k := range keys.Result {
		if kept = kept || k.ID == keep; k.ID != keep {
			others = append(others, k.ID)
		}
	}
	if !kept {
		return fmt.Errorf("zitadel: account %s has no key %s", user, keep)
	}
	var notes struct {
		Result []struct {
			Key   string `json:"key"`
			Value []byte `json:"value"`
		} `json:"result"`
	}
	if err := r.call(ctx, http.MethodPost, "/users/"+user+"/metadata/_search", struct{}{}, &notes); err != nil {
		return err
	}
	for _, id := range others {
		if err := r.call(ctx, http.MethodDelete, "/users/"+user+"/keys/"+id, nil, nil); err != nil && !is(err, http.StatusNotFound) {
			return err
		}
	}
	for _, n := range notes.Result {
		if id, _, _ := strings.Cut(string(n.Value), " "); strings.HasPrefix(n.Key, keyNote) && id != keep {
			if err := r.call(ctx, http.MethodDelete, "/users/"+user+"/metadata/"+n.Key, nil, nil); err != nil && !is(err, http.StatusNotFound) {
				return err
			}
		}
	}
	return nil
}

// Organisation is the name of the organisation that accounts are made in: asked for to see whether the
// token counts.
func (r *Registrar) Organisation(ctx context.Context) (string, error) {
	var found struct {
		Org struct {
			Name string `json:"name"`
		} `json:"org"`
	}
	err := r.call(ctx, http.MethodGet, "/orgs/me", nil, &found)
	return found.Org.Name, err
}
