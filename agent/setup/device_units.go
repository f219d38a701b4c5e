package setup

import (
	"fmt"
	"strings"
)

// socketText is a service of podman for one account alone. That account can do on the device what
// root can, by way of containers: it is kept apart so that nobody else comes by that.
func socketText(account string) string {
	return fmt.Sprintf(`[Unit]
Description=podman for muster-agent

[Socket]
ListenStream=%s
SocketUser=%s
SocketMode=0600

[Install]
WantedBy=sockets.target
`, PodmanSocket, account)
}

// Containers outlive the service, as they outlive the agent.
const serviceText = `[Unit]
Description=podman for muster-agent
Requires=muster-podman.socket
After=muster-podman.socket

[Service]
Type=exec
ExecStart=/usr/bin/env podman system service --time=60
KillMode=process
Delegate=yes
`

// agentUnit does not wait for a network: what was accepted last runs without one. Without a
// revision it does not say of what it was made.
func agentUnit(binary, account, revision string) string {
	made := ""
	if revision != "" {
		made = "Environment=" + Revision + "=" + revision + "\n"
	}
	return fmt.Sprintf(`[Unit]
Description=muster-agent, which runs what the fleet's operators signed for this device
After=network.target %s
Requires=%[1]s
StartLimitIntervalSec=0

[Service]
Type=exec
User=%[2]s
%[3]sExecStart=%[4]s run --config %[5]s/config.toml --state %[6]s --podman %[7]s
StateDirectory=muster-agent
StateDirectoryMode=0700
UMask=0077
Restart=always
RestartSec=5

%[8]s
[Install]
WantedBy=multi-user.target
`, socketUnit, account, made, binary, ConfigDir, StateDir, PodmanSocket, hardening(account))
}

// hardening is what a process of an account may not do. Root's writes the files and units of
// workloads wherever they belong, so the system's folders are closed to others only.
func hardening(account string) string {
	always := []string{"NoNewPrivileges=yes", "LockPersonality=yes", "MemoryDenyWriteExecute=yes", "RestrictRealtime=yes", "RestrictNamespaces=yes",
		"RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK", "ProtectClock=yes", "ProtectHostname=yes", "ProtectKernelLogs=yes",
		"ProtectKernelModules=yes", "ProtectKernelTunables=yes", "SystemCallArchitectures=native"}
	if account != "root" {
		always = append(always, "CapabilityBoundingSet=", "PrivateDevices=yes", "PrivateTmp=yes", "ProtectControlGroups=yes", "ProtectHome=yes",
			"ProtectSystem=strict", "ReadWritePaths="+ConfigDir, "RestrictSUIDSGID=yes", "SystemCallFilter=@system-service")
	}
	return strings.Join(always, "\n") + "\n"
}
