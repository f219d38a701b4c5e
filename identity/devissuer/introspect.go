package devissuer

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// given are the access tokens that were given out, by id. They are lost when the issuer ends:
// opaque ones do not count from then on.
type given struct {
	tokens sync.Mutex
	byID   map[string]token
}

type token struct {
	user        string
	scopes      []string
	from, until time.Time
}

func newGiven() *given { return &given{byID: map[string]token{}} }

// remember keeps a token and returns its id. Those that ended are forgotten now and then.
func (g *given) remember(t token) (id string) {
	g.tokens.Lock()
	defer g.tokens.Unlock()
	if len(g.byID)%1024 == 1023 {
		maps.DeleteFunc(g.byID, func(_ string, t token) bool { return time.Now().After(t.until) })
	}
	id = rand.Text()
	g.byID[id] = t
	return id
}

func (g *given) find(id, user string) (token, error) {
	g.tokens.Lock()
	defer g.tokens.Unlock()
	t, ok := g.byID[id]
	if !ok || t.user != user || time.Now().After(t.until) {
		return token{}, errors.New("no such token")
	}
	return t, nil
}

// SetIntrospectionFromToken says all of a token to an application, and nothing to others.
func (s *storage) SetIntrospectionFromToken(ctx context.Context, r *oidc.IntrospectionResponse, id, user, clientID string) error {
	asker, err := s.user(clientID)
	if err != nil || !asker.Application {
		return errors.New("only an application may ask")
	}
	t, err := s.find(id, user)
	if err != nil {
		return err
	}
	claims, err := s.GetPrivateClaimsFromScopes(ctx, user, clientID, t.scopes)
	if err != nil {
		return err
	}
	r.Issuer, r.Subject, r.Audience, r.JWTID = op.IssuerFromContext(ctx), user, oidc.Audience{s.audience}, id
	r.IssuedAt, r.NotBefore, r.Expiration = oidc.FromTime(t.from), oidc.FromTime(t.from), oidc.FromTime(t.until)
	r.Scope, r.TokenType, r.Username, r.PreferredUsername = t.scopes, oidc.BearerToken, user, user
	r.Claims = claims
	return nil
}
