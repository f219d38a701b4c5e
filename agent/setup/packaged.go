package setup

import "fmt"

// PackagedPath is where a package has the agent's binary; AgentPath is where setup puts it.
const PackagedPath = "/usr/bin/muster-agent"

// Packaged are the texts by which a package brings a host what DeviceSteps bring it, by where
// they go: the units for systemd/, and as sysusers.d/ and tmpfiles.d/ say them, the account that
// the agent runs as and the folder of its configuration.
//
// A host has a package or was set up. Where both were done, what was set up counts: its units
// are in UnitDir, which systemd looks into first.
func Packaged(account string) map[string]string {
	return map[string]string{
		"systemd/" + AgentUnit:         agentUnit(PackagedPath, account, ""),
		"systemd/" + socketUnit:        socketText(account),
		"systemd/" + serviceUnit:       serviceText,
		"sysusers.d/muster-agent.conf": fmt.Sprintf("u %s - \"agent of muster\" %s\n", account, StateDir),
		"tmpfiles.d/muster-agent.conf": fmt.Sprintf("d %s 0700 %s %[2]s\n", ConfigDir, account),
	}
}
