package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/client"

	"github.com/musterfleet/muster/identity"
)

// Finding is what became of one thing that was tried at an issuer.
type Finding struct {
	What    string  `json:"what"`
	Outcome Outcome `json:"outcome"`
	// Said is what was found, what is wrong, or what is missing to try it.
	Said string `json:"said"`
}

// Outcome is how a trial ended.
type Outcome string

// The outcomes.
const (
	Works   Outcome = "works"
	Fails   Outcome = "fails"
	Skipped Outcome = "skipped"
)

// Probe tries at an issuer what a fleet needs of it: discovery, keys, a token, its claims, and
// introspection. The token is the one to try; a nil function says that there is none. One thing that
// fails does not keep the others from being tried.
func Probe(ctx context.Context, c identity.OIDC, token func() (string, error)) []Finding {
	var all []Finding
	try := func(what string, f func() (string, error)) bool {
		said, err := f()
		if err != nil {
			all = append(all, Finding{what, Fails, err.Error()})
			return false
		}
		all = append(all, Finding{what, Works, said})
		return true
	}
	skip := func(what, why string) { all = append(all, Finding{what, Skipped, why}) }
	caller := &http.Client{Timeout: 10 * time.Second}

	var keys string
	if try("discovery", func() (string, error) {
		found, err := client.Discover(ctx, c.Issuer, caller)
		if err != nil {
			return "", err
		}
		keys = found.JwksURI
		missing := missing(map[string]string{"tokens": found.TokenEndpoint, "keys": found.JwksURI,
			"signing in by muster login": found.DeviceAuthorizationEndpoint, "introspection": found.IntrospectionEndpoint})
		if missing != "" {
			return "", fmt.Errorf("%s has no endpoint for %s", c.Issuer, missing)
		}
		return found.Issuer + " has all endpoints", nil
	}) || keys != "" {
		try("keys", func() (string, error) { return keysAt(ctx, caller, keys) })
	} else {
		skip("keys", "without discovery it is not known where they are")
	}
	var text string
	switch {
	case token == nil:
		skip("token", "no oidc.key_file, and nobody is signed in")
	default:
		try("token", func() (said string, err error) {
			if text, err = token(); err != nil {
				return "", err
			}
			if strings.Count(text, ".") == 2 {
				return "a JWT", nil
			}
			return "an opaque one", nil
		})
	}
	if text == "" {
		skip("claims", "without a token there are none")
	} else {
		try("claims", func() (string, error) {
			v, err := NewVerifier(c)
			if err != nil {
				return "", err
			}
			p, err := v.Verify(ctx, identity.Claimed{Token: text})
			return summary(p), err
		})
	}
	if c.IntrospectKeyFile == "" {
		skip("introspection", "no oidc.introspect_key_file; opaque tokens are refused")
		return all
	}
	try("introspection", func() (string, error) {
		i, err := newIntrospector(c, caller)
		if err != nil {
			return "", err
		}
		answer, err := i.answer(ctx, "made-up")
		if err != nil {
			return "", err
		}
		if answer.Active {
			return "", fmt.Errorf("the issuer says that a made-up token counts")
		}
		if text == "" {
			return "a made-up token does not count", nil
		}
		p, err := i.verify(ctx, text)
		return summary(p), err
	})
	return all
}

func summary(p identity.Principal) string {
	var grants []string
	for _, g := range p.Grants() {
		grants = append(grants, g.String())
	}
	said := fmt.Sprintf("%s is %s until %s", p.Name(), strings.Join(grants, ", "), p.Until().UTC().Format(time.DateTime))
	if p.Device() != "" {
		said += ", of " + p.Device()
	}
	return said
}

// missing lists the names that have no value.
func missing(endpoints map[string]string) string {
	var names []string
	for name, at := range endpoints {
		if at == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// keysAt describes the keys of an issuer.
func keysAt(ctx context.Context, caller *http.Client, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := caller.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var set struct {
		Keys []struct {
			ID        string `json:"kid"`
			Algorithm string `json:"alg"`
		} `json:"keys"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, mostAnswer)).Decode(&set); err != nil || resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s, no set of keys (%v)", url, resp.Status, err)
	}
	var taken, others []string
	for _, k := range set.Keys {
		if k.Algorithm == "" || slices.Contains(algorithms, k.Algorithm) {
			taken = append(taken, k.Algorithm)
		} else {
			others = append(others, k.Algorithm)
		}
	}
	if len(taken) == 0 {
		return "", fmt.Errorf("none of %d keys is of an algorithm that is taken (there are %v)", len(set.Keys), others)
	}
	slices.Sort(taken)
	return fmt.Sprintf("%d: %s", len(taken), strings.Join(slices.Compact(taken), ", ")), nil
}
