package devissuer

import (
	"context"
	"crypto/rand"
	"errors"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"
)

// flows are sign-ins under way and the refresh tokens they led to. They are lost when the
// issuer ends: people sign in again.
type flows struct {
	mu      sync.Mutex
	asked   map[string]*asked // by device code
	refresh map[string]session
}

type asked struct {
	op.DeviceAuthorizationState
	userCode string
}

// session is what a refresh token stands for.
type session struct {
	user, client string
	scopes       []string
	since        time.Time
}

func newFlows() *flows { return &flows{asked: map[string]*asked{}, refresh: map[string]session{}} }

func (s *storage) StoreDeviceAuthorization(_ context.Context, client, deviceCode, userCode string, expires time.Time, scopes []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for code, a := range s.asked {
		if time.Now().After(a.Expires) {
			delete(s.asked, code)
		} else if a.userCode == userCode {
			return op.ErrDuplicateUserCode
		}
	}
	s.asked[deviceCode] = &asked{userCode: userCode, DeviceAuthorizationState: op.DeviceAuthorizationState{
		ClientID: client, Scopes: scopes, Expires: expires, Audience: []string{s.audience}}}
	return nil
}

// GetDeviceAuthorizatonState hands out a finished sign-in once.
func (s *storage) GetDeviceAuthorizatonState(_ context.Context, client, deviceCode string) (*op.DeviceAuthorizationState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.asked[deviceCode]
	if !ok || a.ClientID != client {
		return nil, errors.New("no such code")
	}
	if a.Done || a.Denied {
		delete(s.asked, deviceCode)
	}
	state := a.DeviceAuthorizationState
	return &state, nil
}

// CreateAccessAndRefreshTokens replaces the refresh token that was shown: each is good once.
func (s *storage) CreateAccessAndRefreshTokens(ctx context.Context, r op.TokenRequest, current string) (string, string, time.Time, error) {
	id, until, err := s.CreateAccessToken(ctx, r)
	if err != nil {
		return "", "", time.Time{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.refresh, current)
	next := rand.Text()
	s.refresh[next] = session{user: r.GetSubject(), client: ClientID, scopes: r.GetScopes(), since: time.Now()}
	return id, next, until, nil
}

func (s *storage) TokenRequestByRefreshToken(_ context.Context, token string) (op.RefreshTokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.refresh[token]
	if !ok {
		return nil, op.ErrInvalidRefreshToken
	}
	return &refreshing{found, s.audience}, nil
}

type refreshing struct {
	session
	audience string
}

func (r *refreshing) GetAMR() []string             { return nil }
func (r *refreshing) GetAudience() []string        { return []string{r.audience} }
func (r *refreshing) GetAuthTime() time.Time       { return r.since }
func (r *refreshing) GetClientID() string          { return r.client }
func (r *refreshing) GetScopes() []string          { return r.scopes }
func (r *refreshing) GetSubject() string           { return r.user }
func (r *refreshing) SetCurrentScopes(sc []string) { r.scopes = sc }

var form = template.Must(template.New("device").Parse(`<!doctype html><meta charset="utf-8"><title>muster dev: sign in</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.3rem .9rem;margin-right:.5rem}code{font-size:1.2em}</style>
<h1>Sign in to muster</h1>
{{if .Done}}<p>{{.Done}}</p>{{else}}
<p>A terminal on this machine asks to act as one of these people. The code there must read <code>{{.Code}}</code>.</p>
<form method="post"><input type="hidden" name="user_code" value="{{.Code}}">
<p><select name="user">{{range .People}}<option>{{.}}</option>{{end}}</select>
<button name="do" value="allow">Allow</button><button name="do" value="deny">Deny</button></form>{{end}}`))

// page asks whom to be.
func (s *storage) page(w http.ResponseWriter, r *http.Request) {
	s.show(w, http.StatusOK, strings.TrimSpace(r.FormValue("user_code")), "")
}

func (s *storage) show(w http.ResponseWriter, status int, code, done string) {
	var people []string
	users := s.accounts.now().Users
	for _, name := range slices.Sorted(maps.Keys(users)) {
		if !users[name].machine() {
			people = append(people, name)
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("X-Frame-Options", "DENY")
	w.WriteHeader(status)
	_ = form.Execute(w, map[string]any{"Code": code, "People": people, "Done": done})
}

// decide ends a sign-in. A page of elsewhere cannot send the form: browsers tell its origin.
func (s *storage) decide(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		s.show(w, http.StatusForbidden, "", "This form was sent from elsewhere.")
		return
	}
	user := r.FormValue("user")
	if a, err := s.user(user); err != nil || a.machine() {
		s.show(w, http.StatusBadRequest, r.FormValue("user_code"), "There is no such person.")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.asked {
		if a.userCode == r.FormValue("user_code") && !a.Done && !a.Denied {
			if r.FormValue("do") != "allow" {
				a.Denied = true
				s.show(w, http.StatusOK, "", "Denied. The terminal says so.")
				return
			}
			a.Done, a.Subject, a.AuthTime = true, user, time.Now()
			s.show(w, http.StatusOK, "", "You are "+user+". Go back to the terminal.")
			return
		}
	}
	s.show(w, http.StatusNotFound, "", "No terminal waits for this code; it may have ended.")
}
