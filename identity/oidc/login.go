package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/musterfleet/muster/identity"
	"github.com/musterfleet/muster/internal/durable"
)

// early is how long before its end a token is replaced.
const early = 30 * time.Second

// Session is a person's sign-in, kept in a file that only they can read.
type Session struct {
	Issuer  string    `json:"issuer"`
	Access  string    `json:"access_token"`
	Refresh string    `json:"refresh_token,omitempty"`
	Until   time.Time `json:"until"`
}

// Prompt is what a person is asked to do: open the address and compare the code.
type Prompt struct {
	Address, Code string
	Until         time.Time
}

// Login signs a person in by the device grant: ask shows them where to go, and Login waits
// until they were there, said no, or ctx ends. (PKCE has no place in that grant: there is no
// redirect to be caught; the device code never leaves this process.)
func Login(ctx context.Context, c identity.OIDC, ask func(Prompt)) (Session, error) {
	party, err := party(ctx, c)
	if err != nil {
		return Session{}, err
	}
	asked, err := rp.DeviceAuthorization(ctx, append([]string{"offline_access"}, c.Ask()...), party, nil)
	if err != nil {
		return Session{}, fmt.Errorf("sign in: %w", err)
	}
	until := time.Now().Add(time.Duration(asked.ExpiresIn) * time.Second)
	ask(Prompt{Address: cmp.Or(asked.VerificationURIComplete, asked.VerificationURI), Code: asked.UserCode, Until: until})
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	got, err := rp.DeviceAccessToken(ctx, asked.DeviceCode, max(time.Second, time.Duration(asked.Interval)*time.Second), party)
	if err != nil {
		return Session{}, fmt.Errorf("sign in: %w", err)
	}
	return Session{Issuer: c.Issuer, Access: got.AccessToken, Refresh: got.RefreshToken,
		Until: time.Now().Add(time.Duration(got.ExpiresIn) * time.Second)}, nil
}

func party(ctx context.Context, c identity.OIDC) (rp.RelyingParty, error) {
	if c.Issuer == "" || c.ClientID == "" {
		return nil, errors.New("sign in: no issuer or no application is configured; set oidc.issuer and oidc.client_id")
	}
	p, err := rp.NewRelyingPartyOIDC(ctx, c.Issuer, c.ClientID, "", "", c.Ask(), rp.WithHTTPClient(&http.Client{Timeout: 10 * time.Second}))
	if err != nil {
		return nil, fmt.Errorf("sign in: issuer %s: %w", c.Issuer, err)
	}
	return p, nil
}

// ErrNoSession says that nobody is signed in here, or not any more.
var ErrNoSession = errors.New("nobody is signed in; run muster login")

// Current is the session of a file, refreshed if it ends soon and written back. It is
// ErrNoSession where there is none, or it ended and cannot be refreshed.
func Current(ctx context.Context, c identity.OIDC, path string) (Session, error) {
	text, err := identity.ReadSecret(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Session{}, ErrNoSession
	}
	if err != nil {
		return Session{}, fmt.Errorf("session: %w", err)
	}
	var s Session
	if err := json.Unmarshal(text, &s); err != nil {
		return Session{}, fmt.Errorf("session %s: %w; run muster login again", path, err)
	}
	switch {
	case s.Issuer != c.Issuer:
		return Session{}, fmt.Errorf("%w (the session here is with %s)", ErrNoSession, s.Issuer)
	case time.Until(s.Until) > early:
		return s, nil
	case s.Refresh == "":
		return Session{}, ErrNoSession
	}
	party, err := party(ctx, c)
	if err != nil {
		return Session{}, err
	}
	got, err := rp.RefreshTokens[*oidc.IDTokenClaims](ctx, party, s.Refresh, "", "")
	var refused *oidc.Error
	if errors.As(err, &refused) {
		return Session{}, fmt.Errorf("%w (%s)", ErrNoSession, refused.ErrorType)
	}
	if err != nil {
		return Session{}, fmt.Errorf("session: %w", err)
	}
	s.Access, s.Until = got.AccessToken, got.Expiry
	if got.RefreshToken != "" {
		s.Refresh = got.RefreshToken
	}
	return s, s.Save(path)
}

// Save keeps the session, for its owner's eyes only.
func (s Session) Save(path string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("session: %w", err)
	}
	if err := durable.Replace(path, text, 0o600); err != nil {
		return fmt.Errorf("session: %w", err)
	}
	return nil
}
