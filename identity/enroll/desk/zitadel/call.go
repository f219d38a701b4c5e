package zitadel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// refused is an answer that is no success.
type refused struct {
	status int
	said   string
}

func (r *refused) Error() string { return fmt.Sprintf("zitadel: %s (%d)", r.said, r.status) }

// is reports whether an error is the API's answer of that status.
func is(err error, status int) bool {
	var r *refused
	return errors.As(err, &r) && r.status == status
}

var caller = &http.Client{Timeout: 10 * time.Second}

// mostAnswer bounds what is read of an answer.
const mostAnswer = 1 << 20

// call asks the management API, and reads the answer into out, if that is not nil.
func (r *Registrar) call(ctx context.Context, method, path string, in, out any) error {
	token, err := r.Token()
	if err != nil {
		return fmt.Errorf("zitadel: %w", err)
	}
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("zitadel: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.URL, "/")+"/management/v1"+path, body)
	if err != nil {
		return fmt.Errorf("zitadel: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := caller.Do(req)
	if err != nil {
		return fmt.Errorf("zitadel: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return fmt.Errorf("zitadel: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		var e struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(text, &e) != nil || e.Message == "" {
			e.Message = http.StatusText(resp.StatusCode)
		}
		return &refused{resp.StatusCode, fmt.Sprintf("%s %s: %s", method, path, e.Message)}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("zitadel: %s %s: %w", method, path, err)
	}
	return nil
}
