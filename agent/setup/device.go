package setup

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/musterfleet/muster/identity"
)

// Where things are on a device.
const (
	ConfigDir    = "/etc/muster"
	StateDir     = "/var/lib/muster-agent"
	AgentUnit    = "muster-agent.service"
	PodmanSocket = "/run/muster-podman.sock"
	socketUnit   = "muster-podman.socket"
	serviceUnit  = "muster-podman.service"
)

// room is what an agent, its records and a first image take.
const room = 256 << 20

// skew is how far clocks may be apart: the rest of a token's short life is for its use.
const skew = 30 * time.Second

// Device is what a host becomes.
type Device struct {
	// Credential is nil where the host joined by itself.
	Credential *identity.DeviceCredential
	// Again has the credential replace that of another device or fleet.
	Again bool
	// Account is whom the agent runs as.
	Account string
	// Hosts are lines for the hosts file.
	Hosts []string
	// Start says whether to start the agent.
	Start bool
	// Heard is the last step; nil: none.
	Heard Step
	// Now is the clock that the host's is compared with.
	Now func() time.Time
}

// DeviceSteps are those of a device, in their order.
func DeviceSteps[A Arch](known Known[A], a Artefact[A], d Device) ([]Step, error) {
	steps := []Step{Disk("/usr/local", room), Disk("/var", room), Clock(d.Now, skew), Cgroups()}
	if d.Start {
		steps = append(steps, Systemd())
	}
	hash := sha256.New()
	var credential []Step
	if d.Credential != nil {
		steps = append(steps, Reach(d.Credential.URL(), d.Hosts...))
		var err error
		if credential, err = Credential(ConfigDir, d.Account, *d.Credential, d.Again); err != nil {
			return nil, err
		}
		files, err := d.Credential.Files()
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if f.Name != identity.DeviceKeyFile { // which the device renews by itself
				hash.Write(f.Text)
			}
		}
	} else {
		steps = append(steps, Joined(ConfigDir))
		credential = owned(ConfigDir, d.Account)
	}
	if len(d.Hosts) > 0 {
		steps = append(steps, Names(d.Hosts...))
	}
	hash.Write(a.binary)
	hash.Write([]byte(agentUnit(AgentPath, d.Account, "")))
	revision := hex.EncodeToString(hash.Sum(nil)[:12])
	steps = append(steps, Podman(), Agent(known, a), Account(d.Account, StateDir))
	steps = append(steps, credential...)
	steps = append(steps, Unit(socketUnit, socketText(d.Account)), Unit(serviceUnit, serviceText), Unit(AgentUnit, agentUnit(AgentPath, d.Account, revision)))
	if d.Start {
		steps = append(steps, Running(socketUnit, ""), Running(AgentUnit, revision))
		if d.Heard != nil {
			steps = append(steps, d.Heard)
		}
	}
	return steps, nil
}
