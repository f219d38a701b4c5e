package oidc

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"time"
)

// sparing is a transport that asks for the same address at most once in a while: who shows
// tokens with made-up key ids must not be able to have the issuer flooded.
type sparing struct {
	every time.Duration

	mu    sync.Mutex
	heard map[string]answer
}

type answer struct {
	at     time.Time
	status int
	header http.Header
	body   []byte
}

// mostAnswer bounds what is kept of an answer: key sets have some thousand bytes.
const mostAnswer = 1 << 20

// RoundTrip answers from memory what was asked for a moment ago. Failures are not kept.
func (s *sparing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet {
		return http.DefaultTransport.RoundTrip(r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.heard[r.URL.String()]
	if !ok || time.Since(a.at) > s.every {
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
		if err != nil {
			return nil, err
		}
		a = answer{time.Now(), resp.StatusCode, resp.Header, body}
		if s.heard == nil {
			s.heard = map[string]answer{}
		}
		if resp.StatusCode == http.StatusOK {
			s.heard[r.URL.String()] = a
		}
	}
	return &http.Response{Status: http.StatusText(a.status), StatusCode: a.status, Header: a.header.Clone(), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(a.body)), Body: io.NopCloser(bytes.NewReader(a.body))}, nil
}
