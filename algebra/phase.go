package algebra

import "fmt"

// Phase is where a deployment stands on a device.
type Phase uint8

// The phases. Running and Completed are the good ends, Failed and Refused the bad ones.
const (
	Pending Phase = iota + 1
	Pulling
	Starting
	Running
	Completed
	Stopping
	Failed
	Refused
)

var phaseNames = [...]string{"", "Pending", "Pulling", "Starting", "Running", "Completed", "Stopping", "Failed", "Refused"}

// String is the phase's name.
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return fmt.Sprintf("Phase(%d)", uint8(p))
}

// ParsePhase reads the name of a phase.
func ParsePhase(s string) (Phase, error) {
	for p := Pending; p <= Refused; p++ {
		if phaseNames[p] == s {
			return p, nil
		}
	}
	return 0, fmt.Errorf("phase %q: want one of Pending, Pulling, Starting, Running, Completed, Stopping, Failed, Refused", s)
}

// MarshalText writes the name.
func (p Phase) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the name.
func (p *Phase) UnmarshalText(b []byte) (err error) { *p, err = ParsePhase(string(b)); return }
