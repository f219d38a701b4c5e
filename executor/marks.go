package executor

import "github.com/musterfleet/muster/executor/wire"

// Marks are the newest revisions of what a plan is made from and a run writes, one for each bucket,
// as no order holds between buckets. Who follows the fleet and has come to the marks of a run knows
// all that it wrote.
type Marks struct{ Entries, Desired, Runs, Apart uint64 }

// Reach reports that whoever has come to m has come to o.
func (m Marks) Reach(o Marks) bool { return m.Join(o) == m }

// Join is how far m and o have come together.
func (m Marks) Join(o Marks) Marks {
	return Marks{max(m.Entries, o.Entries), max(m.Desired, o.Desired), max(m.Runs, o.Runs), max(m.Apart, o.Apart)}
}

// heard is how far a change goes.
func heard(c Change) (m Marks) {
	if _, is := c.Message.(wire.DeviceEntry); is {
		m.Entries = c.Revision
	}
	if _, is := c.Message.(wire.Signed); is {
		m.Desired = c.Revision
	}
	if _, is := c.Message.(wire.Run); is {
		m.Runs = c.Revision
	}
	if _, is := c.Message.(wire.Quarantined); is {
		m.Apart = c.Revision
	}
	return m
}

// wrote is how far a write goes that was done at that revision.
func wrote(w Write, revision uint64) Marks {
	switch w.(type) {
	case SetEntry:
		return Marks{Entries: revision}
	case SetDesired:
		return Marks{Desired: revision}
	case SetRun:
		return Marks{Runs: revision}
	case SetQuarantine:
		return Marks{Apart: revision}
	case SetWorld, SetLease, PutSpec, PutPlan: // a plan is made from none of them
	}
	return Marks{}
}

// marks are how far the records go.
func (r Records) marks() (m Marks) {
	for _, d := range r.Devices {
		m = m.Join(Marks{Entries: d.Entry.Revision, Desired: d.Desired.Revision})
	}
	for _, run := range r.Runs {
		m = m.Join(Marks{Runs: run.Revision})
	}
	for _, q := range r.Quarantine {
		m = m.Join(Marks{Apart: q.Revision})
	}
	return m
}
