package oidc

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/zitadel/oidc/v3/pkg/client/rs"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/musterfleet/muster/identity"
)

const (
	// Recheck is how long the issuer's answer about a token counts, be it yes or no.
	Recheck = 10 * time.Second
	// MostUnasked is how long an opaque token lets somebody in without the issuer being asked again.
	MostUnasked = time.Hour
	// mostAsking and mostHeard bound what those who show made-up tokens can cause.
	mostAsking = 16
	mostHeard  = 4096
)

// introspector verifies tokens that say nothing by themselves: it asks the issuer, as an
// application of the project. No answer is a refusal.
type introspector struct {
	config identity.OIDC
	key    identity.KeyFile
	client *http.Client
	asking chan struct{}

	mu     sync.Mutex
	server rs.ResourceServer // found with the first token
	heard  map[[sha256.Size]byte]verdict
}

type verdict struct {
	at     time.Time
	answer *oidc.IntrospectionResponse
}

func newIntrospector(c identity.OIDC, client *http.Client) (*introspector, error) {
	text, err := identity.ReadSecret(c.IntrospectKeyFile)
	if err != nil {
		return nil, fmt.Errorf("introspection key: %w", err)
	}
	key, err := identity.ParseApplicationKey(text)
	if err != nil {
		return nil, fmt.Errorf("introspection key %s: %w", c.IntrospectKeyFile, err)
	}
	return &introspector{config: c, key: key, client: client, asking: make(chan struct{}, mostAsking), heard: map[[sha256.Size]byte]verdict{}}, nil
}

// verify is the principal that the issuer says the token is of.
func (i *introspector) verify(ctx context.Context, token string) (identity.Principal, error) {
	answer, err := i.answer(ctx, token)
	if err != nil {
		return identity.Principal{}, fmt.Errorf("oidc: introspection: %w", err)
	}
	if !answer.Active {
		return identity.Principal{}, errors.New("oidc: introspection: the issuer says that the token does not count, or not for this project")
	}
	err = check(&oidc.AccessTokenClaims{TokenClaims: oidc.TokenClaims{
		Issuer: answer.Issuer, Audience: answer.Audience, Expiration: answer.Expiration, IssuedAt: answer.IssuedAt, NotBefore: answer.NotBefore,
	}}, i.config)
	if err != nil {
		return identity.Principal{}, fmt.Errorf("oidc: introspection: %w", err)
	}
	until := answer.Expiration.AsTime()
	if most := time.Now().Add(MostUnasked); until.After(most) {
		until = most
	}
	return identity.Admit(identity.Claims{Issuer: answer.Issuer, Subject: answer.Subject, Expires: until, All: named(answer)}, i.config.Claims)
}

// named is the claims of an answer, which has the name of its subject in a place of its own.
func named(answer *oidc.IntrospectionResponse) map[string]any {
	all := maps.Clone(answer.Claims)
	if all == nil {
		all = map[string]any{}
	}
	if _, ok := all["preferred_username"]; !ok && answer.Username != "" {
		all["preferred_username"] = answer.Username
	}
	return all
}

// answer is the issuer's, of a moment ago or asked for now. That it could not be had is not kept.
func (i *introspector) answer(ctx context.Context, token string) (*oidc.IntrospectionResponse, error) {
	sum := sha256.Sum256([]byte(token))
	i.mu.Lock()
	v, ok := i.heard[sum]
	i.mu.Unlock()
	if ok && time.Since(v.at) < Recheck {
		return v.answer, nil
	}
	select {
	case i.asking <- struct{}{}:
		defer func() { <-i.asking }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	server, err := i.found(ctx)
	if err != nil {
		return nil, fmt.Errorf("issuer %s: %w", i.config.Issuer, err)
	}
	answer, err := rs.Introspect[*oidc.IntrospectionResponse](ctx, server, token)
	if err != nil {
		return nil, err
	}
	if answer == nil {
		return nil, errors.New("the issuer answered nothing")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.heard) >= mostHeard {
		clear(i.heard)
	}
	i.heard[sum] = verdict{time.Now(), answer}
	return answer, nil
}

// found is where the issuer answers. It is looked up until it is found once.
func (i *introspector) found(ctx context.Context) (rs.ResourceServer, error) {
	i.mu.Lock()
	server := i.server
	i.mu.Unlock()
	if server != nil {
		return server, nil
	}
	server, err := rs.NewResourceServerJWTProfile(ctx, i.config.Issuer, i.key.ClientID, i.key.KeyID, []byte(i.key.Key), rs.WithClient(i.client))
	if err != nil {
		return nil, err
	}
	if server.IntrospectionURL() == "" {
		return nil, errors.New("it has no introspection endpoint")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.server = server
	return server, nil
}
