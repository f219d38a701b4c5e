package policies

import "sync"

// Memo keeps what engines make of one plan while it is reviewed, so that twenty policies make
// it once. It is safe for concurrent use. The nil Memo keeps nothing.
type Memo struct{ kept sync.Map }

// Get is what make gave for a key, which should be of a type private to who makes it. It may
// be made twice, of which one is kept.
func (m *Memo) Get(key any, make func() any) any {
	if m == nil {
		return make()
	}
	if v, ok := m.kept.Load(key); ok {
		return v
	}
	v, _ := m.kept.LoadOrStore(key, make())
	return v
}
