package algebra

import (
	"encoding/json"
	"time"

	"github.com/musterfleet/muster/selectors"
)

// Rollout is how changes go out: in waves, each let on by what came of the one before, and
// never with more devices down than the budget has. It claims the changes of one app, or those
// on the devices of a fleet that no app's own rollout claims.
type Rollout struct {
	Name string
	// App is the app whose changes it claims. If it is zero, Fleet is the fleet.
	App   App
	Fleet *selectors.Bound
	// Waves cover the target: RestWave is the last of them, and of them alone.
	Waves  []Wave
	Budget Budget
	Gate   Gate
	// Deadline is how long a device may take from publication to being healthy.
	Deadline time.Duration
	// Windows are when devices may be published to; none is always.
	Windows []Window
	// MaxPerMinute bounds publications; 0 is no bound.
	MaxPerMinute int
	OnFailure    OnFailure
	Source       Source
}

// Wave is one part of the target. A device belongs to the first wave that admits it.
//
//sumtype:decl
type Wave interface {
	String() string // as a World writes it
	wave()          // sealed: FleetWave, ShareWave, RestWave
}

// FleetWave is the devices of a fleet.
type FleetWave struct{ Fleet *selectors.Bound }

// ShareWave is as many devices as bring this wave and those before it to a share of the
// target, rounded up.
type ShareWave struct{ Share selectors.Percent }

// RestWave is all that no wave before it has.
type RestWave struct{}

// String is the fleet.
func (w FleetWave) String() string { return selectors.Print(w.Fleet.Expr()) }

// String is the share: 25%.
func (w ShareWave) String() string { return w.Share.String() }

// String is rest.
func (RestWave) String() string { return "rest" }

func (FleetWave) wave() {}
func (ShareWave) wave() {}
func (RestWave) wave()  {}

// Budget bounds how many devices of a group may be down at one time. The zero Budget bounds
// nothing.
type Budget struct {
	// Max is the bound: a number of devices, or a share of those of the group.
	Max selectors.Amount
	// By is the key whose values are the groups; the zero Key makes the fleet one group. The
	// devices that lack the key are a group too.
	By selectors.Key
}

// IsZero reports that nothing is bounded.
func (b Budget) IsZero() bool { return b.Max == selectors.Amount{} }

// Limit is how many of a group of n devices may be down: at least one, as else nothing could
// ever change there. A share is rounded down.
func (b Budget) Limit(n int) int {
	if !b.Max.Shared {
		return max(1, b.Max.Count)
	}
	const whole = 10_000 // hundredths of a percent
	return max(1, n*int(b.Max.Share)/whole)
}

// Gate is what a wave must show before the next one starts.
type Gate struct {
	// Healthy is the share of the devices published to that must be healthy.
	Healthy selectors.Percent
	// Minimum is how many devices that must be; a wave of fewer waits for an approval.
	Minimum int
	// Soak is how long it must last.
	Soak time.Duration
}

// Window opens at each time a cron expression names, by the clock of the device's time zone.
type Window struct {
	Cron string
	For  time.Duration
}

// OnFailure is what a run does when a gate does not pass.
type OnFailure string

// What it may do.
const (
	Pause    OnFailure = "pause"
	Rollback OnFailure = "rollback"
)

// DefaultDeadline is how long a device may take where nothing is declared.
const DefaultDeadline = 10 * time.Minute

// DefaultRollout is how changes go out that no rollout claims: 1%, 10%, rest; on a failure
// the run pauses.
func DefaultRollout() Rollout {
	return Rollout{
		Waves:    []Wave{ShareWave{100}, ShareWave{1000}, RestWave{}},
		Gate:     Gate{Healthy: 9500, Minimum: 1},
		Deadline: DefaultDeadline, OnFailure: Pause,
	}
}

// Text is all that the rollout says, as canonical JSON: equal texts are equal rollouts,
// wherever they were declared.
func (r Rollout) Text() string {
	target := r.App.String()
	if r.App.IsZero() && r.Fleet != nil {
		target = selectors.Print(r.Fleet.Expr())
	}
	waves := []string{}
	for _, w := range r.Waves {
		waves = append(waves, w.String())
	}
	windows := []string{}
	for _, w := range r.Windows {
		windows = append(windows, w.Cron+" for "+w.For.String())
	}
	b, err := json.Marshal([]any{r.Name, target, waves, r.Budget.Max.String(), r.Budget.By.String(), r.Gate.Healthy.String(),
		r.Gate.Minimum, r.Gate.Soak.String(), r.Deadline.String(), windows, r.MaxPerMinute, r.OnFailure})
	if err != nil {
		panic("algebra: " + err.Error()) // texts and numbers always encode
	}
	return string(b)
}
