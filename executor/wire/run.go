package wire

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Run is the record of an approved plan that is being carried out: small, and all that is not
// derived. How far each device is follows from what is published to it and what it reports, so
// whoever takes the run over computes it anew.
type Run struct {
	ID   string         `json:"id"`
	Plan algebra.Digest `json:"plan"`
	// Sealed is the digest of the approval, under which it is stored.
	Sealed algebra.Digest `json:"sealed,omitzero"`
	// World is what the plan was made for; it is in force while the run lasts.
	World algebra.Digest `json:"world,omitzero"`
	By    string         `json:"by"`
	// Fence is that of the lease of who acted last.
	Fence  uint64    `json:"fence,omitempty"`
	Began  time.Time `json:"began,omitzero"`
	Ended  time.Time `json:"ended,omitzero"`
	Status RunStatus `json:"status"`
	// Reason says why the run is paused, or how it ended.
	Reason string `json:"reason,omitempty"`
	// Lanes are the rollouts of the plan, in its order.
	Lanes []Lane `json:"lanes"`
}

// Lane is how far one rollout of a run is.
type Lane struct {
	Rollout string    `json:"rollout,omitempty"` // its name; empty for the default
	State   LaneState `json:"state"`
	// Wave counts from 0; one more than the last is the tail.
	Wave int `json:"wave"`
	// Since is when the wave began, Good since when its gate holds.
	Since time.Time `json:"since,omitzero"`
	Good  time.Time `json:"good,omitzero"`
	// Resumed says that somebody let it go on, so that its wave counts from then.
	Resumed bool `json:"resumed,omitempty"`
	// Approved says that somebody lets the wave pass whatever it shows.
	Approved bool `json:"approved,omitempty"`
	// Reason is why the lane is held, or was rolled back.
	Reason   string    `json:"reason,omitempty"`
	Verdicts []Verdict `json:"verdicts,omitempty"`
	// Settles is what is settled once the lane has passed.
	Settles []algebra.Settled `json:"settles,omitempty"`
}

// Verdict is what a wave came to.
type Verdict struct {
	Wave    int `json:"wave"`
	Sample  int `json:"sample"` // devices that were published to
	Healthy int `json:"healthy"`
	Failed  int `json:"failed"`
	// Left were in the wave and not published to: offline, or moved since the plan was made.
	Left int       `json:"left"`
	At   time.Time `json:"at"`
	// Approved says that it passed because somebody said so.
	Approved bool `json:"approved,omitempty"`
}

// RunStatus is how far a run is.
type RunStatus uint8

// The statuses. The last three are ends.
const (
	RunActive RunStatus = iota + 1
	RunPaused
	RunCancelling // nothing new is published, and what is under way comes to its end
	RunSucceeded
	RunFailed
	RunCancelled
)

var runStatusNames = []string{"", "active", "paused", "cancelling", "succeeded", "failed", "cancelled"}

// Ended reports a status that nothing changes.
func (s RunStatus) Ended() bool { return s >= RunSucceeded }

// String is the status' name.
func (s RunStatus) String() string { return nameOf(runStatusNames, uint8(s), "RunStatus") }

// MarshalText writes the name.
func (s RunStatus) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *RunStatus) UnmarshalText(b []byte) error {
	n, err := numberOf(runStatusNames, string(b), "status of a run")
	*s = RunStatus(n)
	return err
}

// LaneState is what a lane is about.
type LaneState uint8

// The states. Passed and RolledBack are ends.
const (
	LaneGoing LaneState = iota + 1
	LaneHeld            // until somebody approves, resumes or cancels
	LaneRollingBack
	LanePassed
	LaneRolledBack
)

var laneStateNames = []string{"", "going", "held", "rolling back", "passed", "rolled back"}

// Ended reports a state that nothing changes.
func (s LaneState) Ended() bool { return s >= LanePassed }

// String is the state's name.
func (s LaneState) String() string { return nameOf(laneStateNames, uint8(s), "LaneState") }

// MarshalText writes the name.
func (s LaneState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *LaneState) UnmarshalText(b []byte) error {
	n, err := numberOf(laneStateNames, string(b), "state of a lane")
	*s = LaneState(n)
	return err
}

func nameOf(names []string, n uint8, kind string) string {
	if int(n) < len(names) {
		return names[n]
	}
	return fmt.Sprintf("%s(%d)", kind, n)
}

func numberOf(names []string, name, what string) (int, error) {
	if i := slices.Index(names, name); i > 0 {
		return i, nil
	}
	return 0, fmt.Errorf("%s %q: not known", what, name)
}

// Lease says who may publish. There is one for the fleet, and every batch of desired states is
// preceded by a write of it: who was overtaken cannot write it any more, and what he may still
// have on its way is named in it.
type Lease struct {
	// Holder is a person, machine and process; empty if nobody holds it.
	Holder string `json:"holder,omitempty"`
	Run    string `json:"run,omitempty"`
	// Fence grows by one each time another holder takes the lease.
	Fence uint64 `json:"fence"`
	// Beat changes with each renewal, so that one that is alive is seen to be.
	Beat uint64 `json:"beat,omitempty"`
	// Lasts is how long it holds without a renewal, by the clock of whoever waits for it.
	Lasts time.Duration `json:"lasts,omitempty"`
	// Intent are the devices about to be published to, folded. Until the next write of the lease
	// each of them may or may not have been.
	Intent string `json:"intent,omitempty"`
	// Above is the newest revision that any of them had then: one that has a newer one by now has
	// been published to, and a write that is still on its way is refused.
	Above uint64 `json:"above,omitempty"`
}

// Quarantined keeps a release from devices after a run found that it fails. Its key is the run
// and the app.
type Quarantined struct {
	Run     string          `json:"run"`
	App     algebra.App     `json:"app"`
	Version algebra.Version `json:"version"`
	Digest  algebra.Digest  `json:"digest"`
	// Devices are folded: edge[001-250].
	Devices string    `json:"devices"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at,omitzero"`
	// Lifted says that it was retried and holds no more.
	Lifted bool `json:"lifted,omitempty"`
}

// Kind is Run.
func (Run) Kind() string { return "Run" }

// Kind is Lease.
func (Lease) Kind() string { return "Lease" }

// Kind is Quarantined.
func (Quarantined) Kind() string { return "Quarantined" }

func (m Run) check() error {
	return required(m.Kind(), field{"id", m.ID == ""}, field{"plan", m.Plan.IsZero()}, field{"status", m.Status == 0}, field{"lanes", m.Lanes == nil})
}

func (m Lease) check() error { return required(m.Kind(), field{"fence", m.Fence == 0}) }

func (m Quarantined) check() error {
	return required(m.Kind(), field{"run", m.Run == ""}, field{"app", m.App.IsZero()}, field{"digest", m.Digest.IsZero()}, field{"devices", m.Devices == ""})
}
