package oidc

import "time"

// Sparing has the verifier ask for keys as often as this, for tests that rotate them.
func (v *Verifier) Sparing(every time.Duration) { v.client.Transport.(*sparing).every = every }

// Age has the keys that were fetched be older.
func (v *Verifier) Age(by time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fetched = v.fetched.Add(-by)
}
