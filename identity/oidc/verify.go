package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/zitadel/oidc/v3/pkg/client"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/musterfleet/muster/identity"
)

const (
	// Skew is how far the clocks of issuer and verifier may be apart.
	Skew = 30 * time.Second
	// MaxKeyAge is how long fetched keys count without asking the issuer again.
	MaxKeyAge = 10 * time.Minute
	// mostToken bounds what is parsed: a token is shown before anybody is known.
	mostToken = 16 << 10
)

// algorithms are those of a key pair. Neither none nor a shared secret is among them.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// Verifier is an identity.Verifier for the tokens of one issuer. It is safe for use by many.
type Verifier struct {
	config identity.OIDC
	client *http.Client
	opaque *introspector // nil: opaque tokens are refused

	mu      sync.Mutex
	keys    oidc.KeySet
	fetched time.Time
}

var _ identity.Verifier = (*Verifier)(nil)

// NewVerifier takes tokens of that issuer for that audience: JWTs by the issuer's keys, opaque ones
// by asking the issuer, if there is a key to ask with. It does not reach out: that is done with
// the first token, so that a broker starts while its issuer is down.
func NewVerifier(c identity.OIDC) (*Verifier, error) {
	if c.Issuer == "" || c.Audience == "" {
		return nil, errors.New("oidc: an issuer and an audience are required; set oidc.issuer and oidc.audience")
	}
	c.Claims = c.Claims.For(c.Audience)
	v := &Verifier{config: c, client: &http.Client{Timeout: 10 * time.Second, Transport: &sparing{every: 5 * time.Second}}}
	if c.IntrospectKeyFile != "" {
		var err error
		if v.opaque, err = newIntrospector(c, v.client); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// Verify is the principal that the token names.
func (v *Verifier) Verify(ctx context.Context, c identity.Claimed) (identity.Principal, error) {
	if len(c.Token) == 0 || len(c.Token) > mostToken {
		return identity.Principal{}, fmt.Errorf("oidc: a token of %d bytes", len(c.Token))
	}
	if strings.ContainsFunc(c.Token, foreign) {
		return identity.Principal{}, errors.New("oidc: the token has characters that no token has")
	}
	if strings.Count(c.Token, ".") != 2 {
		if v.opaque == nil {
			return identity.Principal{}, errors.New("oidc: the token is no JWT, and there is no key to ask the issuer about it with; " +
				"set oidc.introspect_key_file, or the account's access token type to JWT")
		}
		return v.opaque.verify(ctx, c.Token)
	}
	var claims oidc.AccessTokenClaims
	payload, err := oidc.ParseToken(c.Token, &claims)
	if err != nil {
		return identity.Principal{}, fmt.Errorf("oidc: %w", err)
	}
	keys, err := v.keySet(ctx)
	if err != nil {
		return identity.Principal{}, err
	}
	if err := oidc.CheckSignature(ctx, c.Token, payload, &claims, algorithms, keys); err != nil {
		return identity.Principal{}, fmt.Errorf("oidc: %w", err)
	}
	if err := check(&claims, v.config); err != nil {
		return identity.Principal{}, fmt.Errorf("oidc: %w", err)
	}
	return identity.Admit(identity.Claims{
		Issuer: claims.Issuer, Subject: claims.Subject, Expires: claims.Expiration.AsTime(), All: claims.Claims,
	}, v.config.Claims)
}

// foreign is what stands in no bearer token (RFC 6750). Decoders would pass over some of it.
func foreign(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._~+/=", r))
}

// check is all that a signed token must say besides.
func check(claims *oidc.AccessTokenClaims, c identity.OIDC) error {
	return errors.Join(
		oidc.CheckIssuerWithISSVerifier(claims, c.Issuer, nil),
		oidc.CheckAudience(claims, c.Audience),
		oidc.CheckExpiration(claims, -Skew), // an offset is how much earlier a token ends
		oidc.CheckIssuedAt(claims, 0, Skew),
		notBefore(claims.NotBefore.AsTime(), time.Now()),
	)
}

func notBefore(from, now time.Time) error {
	if from.Unix() > 0 && now.Add(Skew).Before(from) {
		return fmt.Errorf("token does not count before %s", from.UTC().Format(time.RFC3339))
	}
	return nil
}

// keySet is the issuer's keys as of at most MaxKeyAge ago. A token with a key that is not among
// them has the set look again, as after a rotation.
func (v *Verifier) keySet(ctx context.Context) (oidc.KeySet, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys != nil && time.Since(v.fetched) < MaxKeyAge {
		return v.keys, nil
	}
	found, err := client.Discover(ctx, v.config.Issuer, v.client)
	if err != nil {
		return nil, fmt.Errorf("oidc: issuer %s: %w", v.config.Issuer, err)
	}
	v.keys, v.fetched = rp.NewRemoteKeySet(v.client, found.JwksURI), time.Now()
	return v.keys, nil
}
