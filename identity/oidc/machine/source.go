package machine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/zitadel/oidc/v3/pkg/client"
	"github.com/zitadel/oidc/v3/pkg/client/profile"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/musterfleet/muster/identity"
)

// early is how long before its end a token is replaced.
const early = 30 * time.Second

// Source gives the token of a machine, and a new one before the last one ends.
type Source struct{ tokens oauth2.TokenSource }

// Token is a token that counts for a while. An error says what the issuer said.
func (s *Source) Token() (string, error) {
	t, err := s.tokens.Token()
	if err != nil {
		return "", fmt.Errorf("oidc: %w", err)
	}
	return t.AccessToken, nil
}

// Tokens is how a machine gets the token that it shows the broker: by its key file, or else
// from its token file, which somebody else keeps fresh.
func Tokens(c identity.Config) (func() (string, error), error) {
	if c.OIDC.KeyFile == "" {
		_, err := c.NATS.Token() // a file that cannot be read is told at once
		return c.NATS.Token, err
	}
	source, err := ByKey(c.OIDC)
	if err != nil {
		return nil, err
	}
	return source.Token, nil
}

// lazy asks the issuer with the first token, so that a device starts while it is down.
type lazy func() (oauth2.TokenSource, error)

func (l lazy) Token() (*oauth2.Token, error) {
	s, err := l()
	if err != nil {
		return nil, err
	}
	return s.Token()
}

// ByKey is the service account of a key file, by the JWT profile grant.
func ByKey(c identity.OIDC) (*Source, error) {
	text, err := identity.ReadSecret(c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	key, err := identity.ParseKeyFile(text)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", c.KeyFile, err)
	}
	return ByKeyFile(c, key)
}

// ByKeyFile is the service account of a key, by the JWT profile grant.
func ByKeyFile(c identity.OIDC, key identity.KeyFile) (*Source, error) {
	if c.Issuer == "" {
		return nil, errors.New("oidc: no issuer; set oidc.issuer or MUSTER_OIDC_ISSUER")
	}
	caller := &http.Client{Timeout: 10 * time.Second}
	made := lazy(func() (oauth2.TokenSource, error) {
		return profile.NewJWTProfileTokenSource(context.Background(), c.Issuer, key.UserID, key.KeyID, []byte(key.Key), c.Ask(), profile.WithHTTPClient(caller))
	})
	return &Source{oauth2.ReuseTokenSourceWithExpiry(nil, made, early)}, nil
}

// BySecret is a service account that shows a secret, by the client credentials grant.
func BySecret(c identity.OIDC, id, secret string) *Source {
	caller := &http.Client{Timeout: 10 * time.Second}
	made := lazy(func() (oauth2.TokenSource, error) {
		ctx := context.WithValue(context.Background(), oauth2.HTTPClient, caller)
		found, err := client.Discover(ctx, c.Issuer, caller)
		if err != nil {
			return nil, err
		}
		config := clientcredentials.Config{ClientID: id, ClientSecret: secret, TokenURL: found.TokenEndpoint, Scopes: c.Ask()}
		return config.TokenSource(ctx), nil
	})
	return &Source{oauth2.ReuseTokenSourceWithExpiry(nil, made, early)}
}
