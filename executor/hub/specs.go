package hub

import (
	"sync"

	"github.com/musterfleet/muster/algebra"
)

// specs are deployments that were asked for, by digest. In a rollout the whole fleet asks for one
// within seconds, and what has a digest never changes.
type specs struct {
	mu   sync.RWMutex
	by   map[algebra.Digest][]byte
	size int
}

// mostSpecs bounds what is kept, in bytes: beyond it all is forgotten and asked for anew.
const mostSpecs = 32 << 20

func (s *specs) of(d algebra.Digest) (text []byte, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	text, ok = s.by[d]
	return text, ok
}

// keep keeps what the store has at a digest, if it is what the digest says.
func (s *specs) keep(d algebra.Digest, text []byte) {
	if algebra.DigestOf(text) != d {
		return // whoever asked finds out; a store that is put right is asked again
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size += len(text); s.by == nil || s.size > mostSpecs {
		s.by, s.size = map[algebra.Digest][]byte{}, len(text)
	}
	s.by[d] = text
}
