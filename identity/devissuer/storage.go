package devissuer

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// storage is what the provider asks. The flows it has no method for (authorization code,
// sessions in a browser) would end in the nil interface: no client is registered for them.
type storage struct {
	op.Storage
	*flows
	*given
	accounts *accounts
	audience string
	life     time.Duration
	kind     op.AccessTokenType // the zero one is opaque
}

var (
	_ op.ClientCredentialsStorage   = (*storage)(nil)
	_ op.DeviceAuthorizationStorage = (*storage)(nil)
	_ op.JWTProfileTokenStorage     = (*storage)(nil)
)

func (s *storage) Health(context.Context) error { return nil }

func (s *storage) user(name string) (account, error) {
	a, ok := s.accounts.now().Users[name]
	if !ok {
		return account{}, fmt.Errorf("no account %q", name)
	}
	return a, nil
}

// CreateAccessToken gives every token this fleet's audience: the assertion of a machine names
// the issuer as its own.
func (s *storage) CreateAccessToken(_ context.Context, r op.TokenRequest) (string, time.Time, error) {
	if a, err := s.user(r.GetSubject()); err != nil || a.Application {
		return "", time.Time{}, oidc.ErrAccessDenied().WithParent(err)
	}
	if assertion, ok := r.(*oidc.JWTTokenRequest); ok {
		assertion.Audience = oidc.Audience{s.audience}
	}
	t := token{user: r.GetSubject(), scopes: slices.Clone(r.GetScopes()), from: time.Now(), until: time.Now().Add(s.life)}
	return s.remember(t), t.until, nil
}

func (s *storage) JWTProfileTokenType(context.Context, op.TokenRequest) (op.AccessTokenType, error) {
	return s.kind, nil
}

// GetKeyByIDAndClientID is the public key that an assertion must verify with.
func (s *storage) GetKeyByIDAndClientID(_ context.Context, keyID, user string) (*jose.JSONWebKey, error) {
	a, err := s.user(user)
	if err != nil {
		return nil, err
	}
	for _, k := range a.Keys {
		if k.KeyID == keyID {
			return &k, nil
		}
	}
	return nil, errors.New("no such key")
}

func (s *storage) ValidateJWTProfileScopes(_ context.Context, _ string, scopes []string) ([]string, error) {
	return scopes, nil
}

// GetPrivateClaimsFromScopes are Zitadel's claims, if they are asked for: the roles in each project
// of the audience and, of who signed in to an application, those in its project once more under a
// name without the project; and the metadata, in base64. No name is among them.
func (s *storage) GetPrivateClaimsFromScopes(_ context.Context, user, clientID string, scopes []string) (map[string]any, error) {
	a, err := s.user(user)
	if err != nil {
		return nil, err
	}
	claims := map[string]any{}
	roles := map[string]any{}
	for _, r := range a.Roles {
		roles[r] = map[string]string{"1": "dev.localhost"} // role: {organisation: domain}
	}
	if slices.Contains(scopes, "urn:zitadel:iam:org:projects:roles") && slices.Contains(scopes, "urn:zitadel:iam:org:project:id:"+s.audience+":aud") {
		claims["urn:zitadel:iam:org:project:"+s.audience+":roles"] = roles
		if clientID == ClientID {
			claims["urn:zitadel:iam:org:project:roles"] = roles
		}
	}
	if a.Device != "" && slices.Contains(scopes, "urn:zitadel:iam:user:metadata") {
		claims["urn:zitadel:iam:user:metadata"] = map[string]string{"device": base64.RawURLEncoding.EncodeToString([]byte(a.Device))}
	}
	return claims, nil
}

func (s *storage) SetUserinfoFromScopes(_ context.Context, info *oidc.UserInfo, user, _ string, _ []string) error {
	info.Subject = user
	return nil
}

func (s *storage) SigningKey(context.Context) (op.SigningKey, error) {
	return signing{s.accounts.now().Signing[0]}, nil
}

func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (s *storage) KeySet(context.Context) ([]op.Key, error) {
	var keys []op.Key
	for _, k := range s.accounts.now().Signing {
		keys = append(keys, public{k.Public()})
	}
	return keys, nil
}

type signing struct{ jwk jose.JSONWebKey }

func (k signing) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k signing) Key() any                                    { return k.jwk.Key }
func (k signing) ID() string                                  { return k.jwk.KeyID }

type public struct{ jwk jose.JSONWebKey }

func (k public) ID() string                         { return k.jwk.KeyID }
func (k public) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k public) Use() string                        { return "sig" }
func (k public) Key() any                           { return k.jwk.Key }

// ClientCredentials is a service account with its secret.
func (s *storage) ClientCredentials(_ context.Context, id, secret string) (op.Client, error) {
	a, err := s.user(id)
	if err != nil || a.Secret == "" || subtle.ConstantTimeCompare([]byte(a.Secret), []byte(secret)) == 0 {
		return nil, errors.New("wrong secret, or no such account")
	}
	return client{id: id, grants: []oidc.GrantType{oidc.GrantTypeClientCredentials}, kind: s.kind}, nil
}

func (s *storage) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	return &oidc.JWTTokenRequest{Issuer: id, Subject: id, Audience: oidc.Audience{s.audience}, Scopes: slices.Clone(scopes)}, nil
}

func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != ClientID {
		return nil, errors.New("no such client")
	}
	return client{id: id, grants: []oidc.GrantType{oidc.GrantTypeDeviceCode, oidc.GrantTypeRefreshToken}, kind: s.kind}, nil
}

// AuthorizeClientIDSecret: the application has no secret to show.
func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != ClientID || secret != "" {
		return errors.New("no such client")
	}
	return nil
}
