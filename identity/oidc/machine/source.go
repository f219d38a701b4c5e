package machine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/zitadel/oidc/v3/pkg/client"
	"github.com/zitadel/oidc/v3/pkg/client/profile"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/musterfleet/muster/identity"
)

// Source gives the token of a machine, and a new one before the last one ends. It is safe for use
// by many.
type Source struct {
	fetch func(context.Context) (*oauth2.Token, error)

	mu    sync.Mutex
	last  *oauth2.Token
	since time.Time
}

// within is how long an issuer has to give a token.
const within = 20 * time.Second

// Token is a token that counts for a while. An error says what the issuer said.
func (s *Source) Token() (string, error) {
	text, _, err := s.Fresh()
	return text, err
}

// Fresh is a token, and its end; zero is an end that the issuer did not tell. In the last third of
// its life a token is replaced; while that fails it is given for as long as it counts.
func (s *Source) Fresh() (text string, until time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.last != nil && now.Before(s.last.Expiry.Add(-s.last.Expiry.Sub(s.since)/3)) {
		return s.last.AccessToken, s.last.Expiry, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	next, err := s.fetch(ctx)
	switch {
	case err == nil:
		s.last, s.since = next, now
	case s.last == nil || now.After(s.last.Expiry):
		return "", time.Time{}, fmt.Errorf("oidc: %w", err)
	}
	return s.last.AccessToken, s.last.Expiry, nil
}

// Tokens is how a machine gets the token that it shows the broker: by its key file, or else
// from its token file, which somebody else keeps fresh and whose end is not known.
func Tokens(c identity.Config) (func() (text string, until time.Time, err error), error) {
	if c.OIDC.KeyFile == "" {
		_, err := c.NATS.Token() // a file that cannot be read is told at once
		return func() (string, time.Time, error) {
			text, err := c.NATS.Token()
			return text, time.Time{}, err
		}, err
	}
	source, err := ByKey(c.OIDC)
	if err != nil {
		return nil, err
	}
	return source.Fresh, nil
}

// ByKey is the service account of a key file, by the JWT profile grant. The file is read for each
// token anew: its key may be replaced meanwhile.
func ByKey(c identity.OIDC) (*Source, error) {
	if c.Issuer == "" {
		return nil, errNoIssuer
	}
	if _, err := ReadKey(c.KeyFile); err != nil {
		return nil, err
	}
	return &Source{fetch: func(ctx context.Context) (*oauth2.Token, error) {
		key, err := ReadKey(c.KeyFile)
		if err != nil {
			return nil, err
		}
		return byAssertion(ctx, c, key)
	}}, nil
}

// ReadKey reads the key file of a service account.
func ReadKey(path string) (identity.KeyFile, error) {
	text, err := identity.ReadSecret(path)
	if err != nil {
		return identity.KeyFile{}, fmt.Errorf("key file: %w", err)
	}
	key, err := identity.ParseKeyFile(text)
	if err != nil {
		return identity.KeyFile{}, fmt.Errorf("key file %s: %w", path, err)
	}
	return key, nil
}

var errNoIssuer = errors.New("oidc: no issuer; set oidc.issuer or MUSTER_OIDC_ISSUER")

// ByKeyFile is the service account of a key, by the JWT profile grant.
func ByKeyFile(c identity.OIDC, key identity.KeyFile) (*Source, error) {
	if c.Issuer == "" {
		return nil, errNoIssuer
	}
	return &Source{fetch: func(ctx context.Context) (*oauth2.Token, error) { return byAssertion(ctx, c, key) }}, nil
}

// caller reaches issuers.
var caller = &http.Client{Timeout: 10 * time.Second}

func byAssertion(ctx context.Context, c identity.OIDC, key identity.KeyFile) (*oauth2.Token, error) {
	s, err := profile.NewJWTProfileTokenSource(ctx, c.Issuer, key.UserID, key.KeyID, []byte(key.Key), c.Ask(), profile.WithHTTPClient(caller))
	if err != nil {
		return nil, err
	}
	return s.Token()
}

// BySecret is a service account that shows a secret, by the client credentials grant.
func BySecret(c identity.OIDC, id, secret string) *Source {
	return &Source{fetch: func(ctx context.Context) (*oauth2.Token, error) {
		ctx = context.WithValue(ctx, oauth2.HTTPClient, caller)
		found, err := client.Discover(ctx, c.Issuer, caller)
		if err != nil {
			return nil, err
		}
		config := clientcredentials.Config{ClientID: id, ClientSecret: secret, TokenURL: found.TokenEndpoint, Scopes: c.Ask()}
		return config.Token(ctx)
	}}
}
