package simulate

import (
	"math/rand"
	"time"

	"github.com/musterfleet/muster/algebra"
)

// Model is what devices do. The zero Model has nothing fail, and devices take thirty seconds.
type Model struct {
	// Seed decides all that is random.
	Seed int64
	// Bad are versions that no device can run.
	Bad map[algebra.DeploymentRef]bool
	// Fails is the share of other starts that fail, from 0 to 1; Silent the share of devices that
	// are not heard of any more once they are published to.
	Fails, Silent float64
	// Takes is how long a device takes in the mean, from half of it to one and a half; 0 is
	// thirty seconds.
	Takes time.Duration
	// Approve lets every wave pass at which the run is held, after an hour; else the story ends
	// there.
	Approve bool
}

// chance is the model's randomness. What happens to a device does not depend on when it is asked.
func (m Model) chance(id algebra.DeviceID, what string) *rand.Rand {
	seed := m.Seed
	for _, c := range []byte(id.String() + "\x00" + what) {
		seed = seed*1099511628211 ^ int64(c)
	}
	return rand.New(rand.NewSource(seed))
}

// fate is what becomes of a release on a device, and after how long.
func (m Model) fate(id algebra.DeviceID, app algebra.App, r algebra.Release) (phase algebra.Phase, after time.Duration) {
	dice := m.chance(id, app.String()+"@"+r.Version.String())
	takes := m.Takes
	if takes == 0 {
		takes = 30 * time.Second
	}
	after = (takes/2 + time.Duration(dice.Int63n(int64(takes)+1))).Round(time.Second)
	bad := m.Bad[algebra.DeploymentRef{App: app, Version: r.Version}]
	if dice.Float64() < m.Fails || bad {
		return algebra.Failed, after
	}
	return algebra.Running, after
}

func (m Model) silent(id algebra.DeviceID) bool { return m.chance(id, "silent").Float64() < m.Silent }
